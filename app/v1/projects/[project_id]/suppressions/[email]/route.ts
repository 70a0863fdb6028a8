import { deleteSuppressionOperation } from "@/lib/suppressions/operations";
import { serve } from "@/lib/web/route";

export const DELETE = serve(deleteSuppressionOperation);
