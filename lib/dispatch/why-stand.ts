import type { SendStatus } from "../sends/schema";
import { addressWaitMs } from "./limits";
import { type Reason, reasons } from "./reasons";
import type { WhyAnswer } from "./why-schema";
import { answerOf, type Stand } from "./why-words";

/** A send as it is, with the one fact that holds it, if any, as its reason. */
export type StandingSend = {
  id: string;
  stepId: string | null;
  subject: string | null;
  status: SendStatus;
  reason: string | null;
  detail: string | null;
  scheduledAt: Date;
  /** Null while nobody looks at it: held, or settled. */
  dueAt: Date | null;
  /** The provider asked for a pause of the whole stream. */
  notBefore: Date | null;
  unknownSince: Date | null;
  /** When it came to be as it is: sent, delivered, bounced, complained, skipped, failed. */
  settledAt: Date | null;
  /** Why it counts as sent: by its answer, by the search, by news, by a person. */
  sentBy: string | null;
};

/** What stands above single runs. */
export type Surroundings = {
  status: string;
  pausedSince: Date | null;
  stoppedSince: Date | null;
  /** By send: since when its connection does not accept us. */
  failingSince: ReadonlyMap<string, Date | null>;
};

export type StandingRun = {
  status: "active" | "completed" | "exited";
  reason: string | null;
  stepDueAt: Date | null;
  dueAt: Date | null;
  endedAt: Date | null;
  /** Of its newest decision that made it wait. */
  waitsFor: string | null;
  /** Oldest first. */
  sends: readonly StandingSend[];
};

/** Why an email was sent or not, or what it waits for. */
export function standOfSend(send: StandingSend, around: Surroundings, now: Date): Stand {
  const { status, settledAt: since } = send;
  switch (status) {
    case "queued":
      return standInQueue(send, around, now);
    case "sending":
      return { code: "being_sent", since: null, until: null };
    case "unknown":
      return {
        code: known(send.reason, "no_answer"),
        kind: "held",
        since: send.unknownSince,
        until: send.dueAt,
        further: quoted(send.detail),
      };
    case "sent":
      return { code: known(send.sentBy ?? send.reason, "accepted"), kind: "sent", since, until: null };
    case "delivered":
    case "bounced":
    case "complained":
      return { code: status, since, until: null };
    case "failed":
      return { code: known(send.reason, "refused"), kind: "failed", since, until: null, further: quoted(send.detail) };
    case "skipped":
      return { code: known(send.reason, "run_ended"), kind: "skipped", since, until: null };
  }
}

function standInQueue(send: StandingSend, around: Surroundings, now: Date): Stand {
  const { scheduledAt, dueAt, notBefore } = send;
  const next = ahead(latest(dueAt, notBefore), now);
  switch (send.reason) {
    case null:
      if (notBefore !== null && notBefore > now) return { code: "provider_busy", since: scheduledAt, until: notBefore };
      return { code: "in_queue", since: scheduledAt, until: next };
    case "sending_stopped":
      return { code: "sending_stopped", since: around.stoppedSince, until: null };
    case "paused":
      return { code: "paused", since: around.pausedSince, until: null };
    case "connection_failing": {
      const since = around.failingSince.get(send.id) ?? null;
      return { code: "connection_failing", since, until: null };
    }
    case "connection_disabled":
      return { code: "connection_disabled", since: null, until: null };
    case "warm_up":
      return { code: "warm_up", since: scheduledAt, until: nextDay(now) };
    case "late":
      return { code: "late", since: scheduledAt, until: null };
    case "awaiting_email":
      return { code: "awaiting_email", since: scheduledAt, until: new Date(scheduledAt.getTime() + addressWaitMs) };
    default:
      return {
        code: known(send.reason, "in_queue"),
        since: scheduledAt,
        until: next,
        further: quoted(send.detail),
      };
  }
}

/** How a run stands: what its email waits for, what the run itself waits for, or how it came out. */
export function standOfRun(run: StandingRun, around: Surroundings, now: Date): WhyAnswer {
  const open = run.sends.findLast(({ status }) => status === "queued" || status === "sending" || status === "unknown");
  if (open !== undefined) return answerOf(standOfSend(open, around, now));
  return run.status === "active" ? answerOf(standOfWaiting(run, around, now)) : standOfEnded(run, around, now);
}

function standOfWaiting(run: StandingRun, around: Surroundings, now: Date): Stand {
  if (around.status === "paused") return { code: "paused", since: around.pausedSince, until: null };
  if (around.stoppedSince !== null) return { code: "sending_stopped", since: around.stoppedSince, until: null };
  if (run.stepDueAt !== null && run.stepDueAt > now)
    return { code: known(run.waitsFor, "delay"), kind: "waited", since: null, until: run.stepDueAt };
  return { code: "its_turn", since: null, until: ahead(run.dueAt, now) };
}

/** What became of its newest email; where there was none, why the run ended. An exit after an email is said as well. */
function standOfEnded({ status, reason, endedAt, sends }: StandingRun, around: Surroundings, now: Date): WhyAnswer {
  const exit = status === "exited" ? known(reason, "engine_error") : null;
  const last = sends.at(-1);
  if (last === undefined) return answerOf({ code: exit ?? "nothing_sent", since: endedAt, until: null });
  const stand = standOfSend(last, around, now);
  const ended = exit && `Then the run ended: ${reasons[exit].sentence}`;
  return answerOf({ ...stand, further: [...(stand.further ?? []), ...(ended ? [ended] : [])] });
}

/** A stored code; what a newer release wrote is shown as what it most likely is. */
const known = (code: string | null, otherwise: Reason): Reason =>
  code !== null && Object.hasOwn(reasons, code) ? (code as Reason) : otherwise; // hasOwn has just said that it is a key

const quoted = (detail: string | null): string[] => {
  const words = detail?.trim() ?? "";
  if (words === "" || Object.values(reasons).some(({ sentence }) => sentence === words)) return [];
  return [`(${words.length > 300 ? `${words.slice(0, 300)}…` : words})`];
};

/** Midnight UTC. */
const nextDay = (now: Date) => new Date((Math.floor(now.getTime() / 86_400_000) + 1) * 86_400_000);

const latest = (one: Date | null, other: Date | null): Date | null =>
  one === null || other === null ? (one ?? other) : one > other ? one : other;
const ahead = (at: Date | null, now: Date): Date | null => (at !== null && at > now ? at : null);
