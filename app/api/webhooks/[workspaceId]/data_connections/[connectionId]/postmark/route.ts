import { webhookRoute } from "@/lib/web/webhook";

export const POST = webhookRoute;
