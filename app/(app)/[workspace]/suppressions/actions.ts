"use server";

import {
  createSuppressionOperation,
  deleteSuppressionOperation,
  syncSuppressionsOperation,
} from "@/lib/suppressions/operations";
import { action } from "@/lib/web/action";

export const createSuppression = action(createSuppressionOperation);
export const deleteSuppression = action(deleteSuppressionOperation);
export const syncSuppressions = action(syncSuppressionsOperation);
