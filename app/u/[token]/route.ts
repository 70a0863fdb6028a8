import { unsubscribeRoute } from "@/lib/web/unsubscribe";

export const GET = unsubscribeRoute;
export const HEAD = unsubscribeRoute;
export const POST = unsubscribeRoute;
