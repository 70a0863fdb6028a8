import { changeAlertSettingsOperation, getAlertSettingsOperation } from "@/lib/connections/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(getAlertSettingsOperation);
export const PATCH = serve(changeAlertSettingsOperation);
