import { listVersionsOperation } from "@/lib/automations/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listVersionsOperation);
