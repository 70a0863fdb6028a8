import { pauseAutomationOperation } from "@/lib/automations/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(pauseAutomationOperation);
