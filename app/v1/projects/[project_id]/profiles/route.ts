import { listProfilesOperation } from "@/lib/profiles/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listProfilesOperation);
