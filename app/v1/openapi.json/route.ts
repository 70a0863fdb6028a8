import { openapiRoute } from "@/lib/web/openapi";

export const GET = openapiRoute;
