"use server";

import { createSuppressionOperation, deleteSuppressionOperation } from "@/lib/suppressions/operations";
import { action } from "@/lib/web/action";

export const createSuppression = action(createSuppressionOperation);
export const deleteSuppression = action(deleteSuppressionOperation);
