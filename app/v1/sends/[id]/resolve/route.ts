import { resolveSendOperation } from "@/lib/sends/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(resolveSendOperation);
