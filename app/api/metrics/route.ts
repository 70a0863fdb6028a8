import { metricsRoute } from "@/lib/web/metrics";

export const GET = metricsRoute;
