import "server-only";
import type { Actor } from "../actor";
import {
  changeConnection,
  checkConnection,
  type DoctorHands,
  fixConnection,
  loopNow,
  recentCheckup,
  validateConnection,
} from "../connections";
import type { DoctorFixed, DoctorFixInput, DoctorInput, DoctorReport, LoopNow } from "../connections/schema";
import { db } from "../db";
import { suppressionListState } from "../suppressions";
import { sendTest } from "./send-test";

/** How the lists of all streams here and at the provider stand to each other. */
const listState: DoctorHands["listState"] = async (tenant, connectionId) => {
  const lists = await suppressionListState(db, tenant, connectionId);
  if (lists.length === 0) return null;
  const sum = (of: (list: (typeof lists)[number]) => number) => lists.reduce((total, list) => total + of(list), 0);
  const read = lists.map(({ synced_at }) => (synced_at === null ? null : new Date(synced_at)));
  const all = read.flatMap((at) => at ?? []).sort((one, other) => one.getTime() - other.getTime());
  const unread = all.length < read.length;
  return {
    here: sum(({ here }) => here),
    there: unread ? null : sum(({ there }) => there),
    drift: sum(({ pending_pushes }) => pending_pushes),
    syncedAt: unread ? null : (all[0] ?? null),
    error: lists.find(({ error }) => error !== null)?.error ?? null,
  };
};

const hands: DoctorHands = {
  listState,
  validate: validateConnection,
  change: changeConnection,
  sendTest: (actor, input) => sendTest(actor, input),
};

/** Reads everything of a connection now and says what it means. */
export const examineConnection = (actor: Actor, input: DoctorInput): Promise<DoctorReport> =>
  checkConnection(actor, input, hands);

/** The same for a page: what was read lately will do. */
export const recentExamination = (actor: Actor, input: DoctorInput): Promise<DoctorReport> =>
  recentCheckup(actor, input, hands);

/** Does what a row offers, and says what it changed. */
export const mendConnection = (actor: Actor, input: DoctorFixInput): Promise<DoctorFixed> =>
  fixConnection(actor, input, hands);

/** Where the message round the loop is. */
export const watchLoop = (actor: Actor, input: DoctorInput): Promise<LoopNow> => loopNow(actor, input);
