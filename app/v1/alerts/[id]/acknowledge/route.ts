import { acknowledgeAlertOperation } from "@/lib/connections/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(acknowledgeAlertOperation);
