"use server";

import {
  acknowledgeAlertOperation,
  changeConnectionOperation,
  createConnectionOperation,
  deleteConnectionOperation,
  disableConnectionOperation,
  enableConnectionOperation,
  rotateWebhookSecretOperation,
  validateConnectionOperation,
  validateDraftOperation,
} from "@/lib/connections/operations";
import { doctorFixOperation, doctorOperation, sendTestOperation } from "@/lib/dispatch/operations";
import { syncNewsOperation } from "@/lib/sends/operations";
import { action } from "@/lib/web/action";

export const validateDraft = action(validateDraftOperation);
export const createConnection = action(createConnectionOperation);
export const changeConnection = action(changeConnectionOperation);
export const validateConnection = action(validateConnectionOperation);
export const enableConnection = action(enableConnectionOperation);
export const disableConnection = action(disableConnectionOperation);
export const rotateWebhookSecret = action(rotateWebhookSecretOperation);
export const deleteConnection = action(deleteConnectionOperation);
export const acknowledgeAlert = action(acknowledgeAlertOperation);
export const sendTest = action(sendTestOperation);
export const syncNews = action(syncNewsOperation);
export const examineConnection = action(doctorOperation);
export const mendConnection = action(doctorFixOperation);
