import { createSuppressionOperation, listSuppressionsOperation } from "@/lib/suppressions/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listSuppressionsOperation);
export const POST = serve(createSuppressionOperation);
