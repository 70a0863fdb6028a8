import { listAlertsOperation } from "@/lib/connections/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listAlertsOperation);
