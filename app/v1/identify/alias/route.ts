import { aliasOperation } from "@/lib/events/operations";
import { serve } from "@/lib/web/route";

export const POST = serve(aliasOperation);
