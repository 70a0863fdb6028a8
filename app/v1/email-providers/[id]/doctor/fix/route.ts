import { doctorFixOperation } from "@/lib/dispatch/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(doctorFixOperation);
