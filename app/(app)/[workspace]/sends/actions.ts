"use server";

import { stopSendingOperation } from "@/lib/sends/operations";
import { action } from "@/lib/web/action";

export const stopSending = action(stopSendingOperation);
