import { doctorOperation } from "@/lib/dispatch/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(doctorOperation);
