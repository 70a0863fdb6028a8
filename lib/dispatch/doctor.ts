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
import { sendTest } from "./send-test";

/** How the list of suppressions here and the provider's compare. Nobody keeps them equal yet, so nothing is known. */
const suppressionListState: DoctorHands["listState"] = async () => null;

const hands: DoctorHands = {
  listState: suppressionListState,
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
