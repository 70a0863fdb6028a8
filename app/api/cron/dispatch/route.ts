import { cronRoute } from "@/lib/web/cron";

export const GET = cronRoute;
export const POST = cronRoute;
