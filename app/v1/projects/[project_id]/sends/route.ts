import { listSendsOperation } from "@/lib/sends/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listSendsOperation);
