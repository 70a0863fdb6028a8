import { healthRoute } from "@/lib/web/health";

export const GET = healthRoute;
