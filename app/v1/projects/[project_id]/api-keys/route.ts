import { serve } from "@/lib/web/route";
import { createKeyOperation, listKeysOperation } from "@/lib/workspaces/operations";

export const POST = serve(createKeyOperation);
export const GET = serve(listKeysOperation);
