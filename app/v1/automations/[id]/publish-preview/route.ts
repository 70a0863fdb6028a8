import { previewPublishOperation } from "@/lib/automations/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(previewPublishOperation);
