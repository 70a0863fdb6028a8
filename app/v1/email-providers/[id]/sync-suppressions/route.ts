import { syncSuppressionsOperation } from "@/lib/suppressions/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(syncSuppressionsOperation);
