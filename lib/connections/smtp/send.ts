import "server-only";
import type { CallOutcome, OutgoingMessage } from "../connector";
import { type Composed, compose } from "./compose";
import { callOutcomeOf, type Result, resultOf } from "./outcomes";
import type { SmtpPlace } from "./place";
import type { Pace, Pool } from "./pool";
import type { Session } from "./session";
import type { SmtpFailure, Trouble } from "./trouble";

/** Messages of a call: few enough that the last begins in time on a slow server. */
export const messagesMax = 50;
const messagesPerSession = 4;
const sessionsPerCallMax = 5;
/** How often one worker of a call opens a session anew before it leaves the rest. */
const openingsMax = 3;
const openMsMax = 10_000;
/** With less time than this left it is not even tried: that it failed would say nothing of the server. */
const openMsMin = 100;

export type Desk = {
  place: SmtpPlace;
  pool: Pool;
  pace: Pace;
  /** From the beginning of one message to its answer. */
  sendTimeoutMs: number;
  redact: (text: string) => string;
};

/** A call under way: its messages are taken one after the other by several workers, each with a session of its own. */
type Call = Desk & {
  messages: readonly OutgoingMessage[];
  stream: string;
  /** Of performance.now(): no message is begun later. */
  startByMs: number;
  results: (Result | undefined)[];
  next: number;
  trouble: Trouble | null;
};

/** Sends all, each with an outcome of its own. Never throws for what the server does. */
export async function sendAll(
  desk: Desk,
  messages: readonly OutgoingMessage[],
  { stream, startWithinMs }: { stream: string; startWithinMs: number },
): Promise<CallOutcome> {
  if (messages.length > messagesMax)
    return {
      kind: "call_refused",
      about: "message",
      code: null,
      message: `More than ${messagesMax} messages at once.`,
    };
  const startByMs = performance.now() + startWithinMs;
  const call: Call = { ...desk, messages, stream, startByMs, results: [], next: 0, trouble: null };
  const workers = Math.min(sessionsPerCallMax, Math.ceil(messages.length / messagesPerSession));
  await Promise.all(Array.from({ length: workers }, () => work(call)));
  const left = (): Result => (call.trouble ? { kind: "trouble", trouble: call.trouble } : { kind: "late" });
  return callOutcomeOf(
    messages.map((_, index) => call.results[index] ?? left()),
    desk.place,
  );
}

const leftMs = ({ startByMs }: Call) => startByMs - performance.now();
const isLeft = (call: Call) => call.next < call.messages.length && leftMs(call) > openMsMin;

async function work(call: Call): Promise<void> {
  if (!isLeft(call) || !(await call.pool.enter(call.startByMs))) return;
  try {
    for (let opened = 0; opened < openingsMax && isLeft(call); opened += 1) {
      const taken = await call.pool.take(Math.min(openMsMax, leftMs(call)));
      if ("kind" in taken) {
        call.trouble = { ...taken, said: call.redact(taken.said) };
        return;
      }
      await through(call, taken.session, taken.reused);
    }
  } finally {
    call.pool.leave();
  }
}

/** Messages through one session, until there are none left, it is too late, or the session ends. */
async function through(call: Call, session: Session, reused: boolean): Promise<void> {
  let isFirst = true;
  while (isLeft(call) && session.usable() && (await call.pace.turn(call.startByMs))) {
    // Looked at only now: while this worker waited for its turn, another one may have taken the last.
    const index = call.next;
    const message = call.messages[index];
    if (message === undefined) break;
    call.next += 1;
    const result = await hand(call, session, message);
    // A session that rested may have been ended by the server meanwhile. Nothing of the message was taken, so a new one carries it.
    const wasStale = reused && isFirst && result.kind === "trouble" && leftMs(call) > openMsMin;
    call.results[index] = wasStale ? await again(call, message) : result;
    isFirst = false;
  }
  call.pool.give(session);
}

async function again(call: Call, message: OutgoingMessage): Promise<Result> {
  const taken = await call.pool.take(Math.min(openMsMax, leftMs(call)), { fresh: true });
  if ("kind" in taken) return { kind: "trouble", trouble: { ...taken, said: call.redact(taken.said) } };
  const result = await hand(call, taken.session, message);
  call.pool.give(taken.session);
  return result;
}

async function hand(call: Call, session: Session, message: OutgoingMessage): Promise<Result> {
  const composed = await composeOrSay(message, call);
  if ("kind" in composed) return composed;
  const nowMs = performance.now();
  // The last look at the clock, in the same turn as the first command is written.
  if (nowMs > call.startByMs) return { kind: "late" };
  const handed = await session.hand(composed.envelope, composed.source, nowMs + call.sendTimeoutMs);
  if (handed.ok) return { kind: "settled", outcome: { kind: "accepted", messageId: composed.messageId, note: null } };
  return resultOf(redacted(handed.failure, call.redact), handed.ended, call.place);
}

/** What cannot be put together will not be put together the next time either. */
async function composeOrSay(message: OutgoingMessage, { place, stream }: Call): Promise<Composed | Result> {
  try {
    return await compose(message, { host: place.host, stream, now: new Date() });
  } catch (thrown) {
    const said = `the message could not be put together: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    return resultOf({ message: said, command: "API", code: "EMESSAGE", response: said }, false, place);
  }
}

const redacted = (failure: SmtpFailure, redact: (text: string) => string): SmtpFailure => ({
  message: redact(failure.message),
  code: failure.code,
  originalCode: failure.originalCode,
  timeoutType: failure.timeoutType,
  command: failure.command,
  response: failure.response === undefined ? undefined : redact(failure.response),
  responseCode: failure.responseCode,
});
