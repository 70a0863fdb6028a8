import "server-only";
import * as z from "zod";
import type { Tenant } from "../actor";
import { db } from "../db";
import { AppError } from "../errors";
import type { SendWithEvents } from "./schema";
import { selectSendEvents, selectSendsById, toSend } from "./store";
import { eventsOf } from "./timeline";

/** One send with its history. @throws AppError `not_found` */
export async function readSend(tenant: Tenant, id: string): Promise<SendWithEvents> {
  const [row] = await selectSendsById(db, tenant, isId(id) ? [id] : []);
  if (!row) throw noSend();
  return { ...toSend(tenant, row), events: eventsOf(row, await selectSendEvents(db, tenant, row.id)) };
}

/** What is no id belongs to nothing. */
export const isId = (text: string): boolean => z.uuid().safeParse(text).success;

export const noSend = (): AppError => new AppError("not_found", "There is no such send in this workspace.");
