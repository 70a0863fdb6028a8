import {
  changeConnectionOperation,
  deleteConnectionOperation,
  getConnectionOperation,
} from "@/lib/connections/operations";
import { serve } from "@/lib/web/route";

export const GET = serve(getConnectionOperation);
export const PATCH = serve(changeConnectionOperation);
export const DELETE = serve(deleteConnectionOperation);
