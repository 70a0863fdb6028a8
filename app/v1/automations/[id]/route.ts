import {
  deleteAutomationOperation,
  getAutomationOperation,
  updateAutomationOperation,
} from "@/lib/automations/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(getAutomationOperation);
export const PUT = serve(updateAutomationOperation);
export const DELETE = serve(deleteAutomationOperation);
