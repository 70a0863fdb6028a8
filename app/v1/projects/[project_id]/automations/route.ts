import { createAutomationOperation, listAutomationsOperation } from "@/lib/automations/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listAutomationsOperation);
export const POST = serve(createAutomationOperation);
