import { readyRoute } from "@/lib/web/health";

export const GET = readyRoute;
