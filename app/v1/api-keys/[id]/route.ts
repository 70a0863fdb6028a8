import { serve } from "@/lib/web/route";
import { revokeKeyOperation } from "@/lib/workspaces/operations";

export const DELETE = serve(revokeKeyOperation);
