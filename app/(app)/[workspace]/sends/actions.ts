"use server";

import {
  listSendsOperation,
  resolveSendOperation,
  resolveSendsOperation,
  stopSendingOperation,
} from "@/lib/sends/operations";
import { action } from "@/lib/web/action";

export const listSends = action(listSendsOperation);
export const resolveSend = action(resolveSendOperation);
export const resolveSends = action(resolveSendsOperation);
export const stopSending = action(stopSendingOperation);
