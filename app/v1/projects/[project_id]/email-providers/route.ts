import { createConnectionOperation, listConnectionsOperation } from "@/lib/connections/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(listConnectionsOperation);
export const POST = serve(createConnectionOperation);
