import * as z from "zod";
import type { AutomationDefinition, SendEmailStep } from "../automations/schema";
import type { ConnectionRecord } from "../connections/schema";
import type { HeldBy } from "../sends/schema";
import type { Reason, ReasonOf } from "./reasons";

export { reasonSentence } from "./reasons";
export {
  type CheckedEvent,
  type WhyAnswer,
  type WhyAutomation,
  type WhyDecision,
  type WhyEverywhere,
  type WhyNotEntered,
  type WhyRun,
  whyAnswered,
  whyInput,
} from "./why-schema";

/**
 * The engine in types. A run (enrollment) is claimed and looked at with its `Situation`; `decide` says what happens; what it queues is
 * claimed again as a send, looked at with its `Letter`, handed to the provider, and `settle` says what its `Outcome` means.
 */

/** A run that is ours until the lease lapses. `at`: the database's present at the claim, which is the present for every decision about it. */
export type ClaimedRun = {
  id: string;
  automationId: string;
  versionId: string;
  profileId: string;
  eventId: string | null;
  stepId: string | null;
  stepDueAt: Date | null;
  readyAt: Date;
  wasDueAt: Date;
  attempt: number;
  /** Left behind, in whichever version: a run passes each step once. */
  passedStepIds: readonly string[];
};
export type Claim = { workspaceId: string; leaseToken: string; at: Date; runs: ClaimedRun[] };

export type Person = {
  id: string;
  externalId: string | null;
  traits: Readonly<Record<string, unknown>>;
  createdAt: Date;
};
export type CausingEvent = { name: string; properties: Readonly<Record<string, unknown>>; occurredAt: Date };
/** An event that came for a person in a run and that the run's version listens to. `seen`: a decision has looked at it before. */
export type Signal = {
  eventId: string;
  name: string;
  properties: Readonly<Record<string, unknown>>;
  receivedAt: Date;
  seen: boolean;
};
type AutomationState = { name: string; status: string; deleted: boolean };

/** Everything that a decision about a run may look at. If it is not in here, it cannot influence what happens. */
export type Situation = {
  run: ClaimedRun;
  automation: AutomationState;
  definition: AutomationDefinition;
  person: Person | null;
  event: CausingEvent | null;
  workspaceTimezone: string | null;
  /** By step id: the emails that this run has queued. */
  sends: ReadonlyMap<string, { status: string; sentAt: Date | null; unknownSince: Date | null }>;
  /** By id; what is missing was deleted. */
  connections: ReadonlyMap<string, ConnectionRecord>;
  /** Oldest first. */
  signals: readonly Signal[];
  /** Where the person's address has unsubscribed; read only where the definition asks. */
  unsubscribed: readonly { connectionId: string; stream: string }[];
  /** How often the person did what conditions ask about, by the key of the question. */
  performed: ReadonlyMap<string, number>;
};

/** Where a run stands: at a step that it has reached (`stepDueAt` null) or whose wait has an end. `readyAt`: see enrollments. */
export type Place = { stepId: string | null; stepDueAt: Date | null; readyAt: Date };
/** A decision's own words: what was looked at. Stored, so that "why" can be answered later. */
export type Note = { stepId: string | null; reason: Reason; details: Record<string, unknown> };

/** What happens to a run at its place. Only `go` is followed by another decision at once. */
export type Decision =
  /** `used`: the signal that it was waited for. What came before it cannot be waited for any more. */
  | { kind: "go"; to: Place; notes: Note[]; used?: Signal }
  /** `keepsSignals`: it is not known yet whether the next step was reached before or after they came. */
  | { kind: "wait"; place: Place; until: Date; notes: Note[]; keepsSignals?: boolean }
  | {
      kind: "send";
      place: Place;
      until: Date;
      step: SendEmailStep;
      connectionId: string;
      stream: string;
      notes: Note[];
    }
  /** Saved before the run goes on, so that what follows sees what was really stored. `ends`: nothing follows. */
  | { kind: "update"; place: Place; ends: boolean; set: Readonly<Record<string, unknown>>; notes: Note[] }
  | { kind: "complete"; place: Place; notes: Note[] }
  | { kind: "exit"; place: Place; reason: ReasonOf<"exited">; notes: Note[] }
  | { kind: "park" };

/** A send that is ours, and the number of the attempt that the claim opened for it. */
export type ClaimedSend = { id: string; number: number };
export type Lane = { workspaceId: string; connectionId: string; stream: string };
/** With how often it failed in a row. `hold`: what it was held for until now, when this is the try that finds out whether it still is. */
export type DueLane = Lane & { failures: number; hold?: LaneHold | null };
/**
 * `remainingMs` tells how long a call may still begin, `now` what the database's clock shows: both counted by this process from
 * before the claim was asked for, so a call never begins too late.
 */
export type Batch = {
  lane: DueLane;
  leaseToken: string;
  batchId: string;
  sends: ClaimedSend[];
  /** The connection's breaker was open: this small batch finds out whether it is well, and everybody else waits for that. */
  trial: boolean;
  /** The connection has limits, so what does not leave after all makes room for others. */
  limited: boolean;
  remainingMs: () => number;
  now: () => Date;
};

/** Everything that a decision about an email may look at, loaded after the claim. */
export type Letter = {
  id: string;
  number: number;
  /** Calls so far that surely carried nothing. */
  tries: number;
  stepId: string | null;
  scheduledAt: Date;
  automationId: string | null;
  automation: AutomationState | null;
  definition: AutomationDefinition | null;
  /** The definition exists, but a newer release wrote it. */
  unreadable: boolean;
  run: { status: string; overdueSkipBefore: Date | null } | null;
  /** Something came for the run that nobody has looked at yet: it may be what ends it. */
  signalled: boolean;
  /** Queued emails were to be dropped while this one was on its way, and it came back. */
  skippedBy: "paused" | "sending_stopped" | null;
  /** The lane's. */
  stream: string;
  person: Person | null;
  event: CausingEvent | null;
  workspace: { id: string; name: string; timezone: string | null; stopped: boolean };
  suppressed: string | null;
  connection: ConnectionRecord;
};

/** What becomes of an email before anything is rendered. */
export type LetterDecision =
  | { kind: "write"; step: SendEmailStep; to: string; fromEmail: string }
  | { kind: "skip"; reason: ReasonOf<"skipped"> | "paused" | "sending_stopped"; details: Record<string, unknown> }
  | { kind: "fail"; reason: ReasonOf<"failed">; details: Record<string, unknown> }
  | { kind: "hold"; reason: "late" }
  | { kind: "park" }
  | { kind: "stopped" }
  /** The run is looked at first. */
  | { kind: "signalled" }
  /** Step or connection name another stream by now. */
  | { kind: "move"; stream: string }
  | { kind: "later"; reason: "awaiting_email" };

type AttemptOutcome = "accepted" | "refused" | "not_sent" | "absent";
/** A line for an attempt. `undo`: no call was made, so it did not happen. `seen`: 1 when a search that sees did not show it, 0 when looked up otherwise. */
export type AttemptRecord = {
  sendId: string;
  number: number;
  outcome: AttemptOutcome | null;
  code?: number | null;
  detail?: string | null;
  undo?: boolean;
  seen?: 0 | 1;
};

/**
 * What becomes of a send. `fact` is about the mail itself and is kept whoever holds the lease: `accepted`, or `refused` for good.
 * Without it, it is a decision and needs the lease.
 */
export type Settlement = {
  sendId: string;
  number: number;
  fact: "accepted" | "refused" | null;
  status: "queued" | "unknown" | "sent" | "failed" | "skipped";
  reason: Reason | null;
  detail: string | null;
  dueAt: Date | null;
  /** An automation that was seen paused: the send leaves the queue if it still is. */
  parkFor?: string;
  /** It goes on in the connection's lane of this stream. */
  stream?: string;
  providerMessageId?: string;
  sentAt?: Date;
  toEmail?: string;
  fromEmail?: string;
  subject?: string;
};
export type Verdict = { settlement: Settlement; attempt: AttemptRecord | null; note: Omit<Note, "stepId"> | null };

/** Of what holds a send, what is its lane's. */
export type LaneHold = Extract<HeldBy, `${string}_refused`>;
/** What is wrong with the connection or lane, beside what becomes of each send. */
export type LaneNews =
  | { kind: "fine" }
  /** What a call came to says nothing of others. */
  | { kind: "nothing" }
  | { kind: "rest"; retryAfterMs: number | null; why: string }
  | { kind: "held"; reason: LaneHold; sentence: string }
  | { kind: "failing"; sentence: string };

export type DispatchReport = {
  advanced: number;
  sent: number;
  failed: number;
  reconciled: number;
  /** Due work that is left, counted up to a thousand for each workspace and lane. */
  remaining: number;
};

export const sendTestInput = z.strictObject({
  id: z.string().max(64),
  to: z
    .string("Enter an email address.")
    .trim()
    .max(254)
    .pipe(z.email("Enter an email address, such as ada@example.com.")),
});
export type SendTestInput = z.infer<typeof sendTestInput>;

export const testSend = z.union([
  z.object({ send_id: z.uuid(), provider_message_id: z.string(), accepted_at: z.iso.datetime() }),
  z.object({ send_id: z.uuid(), status: z.literal("unknown").describe("No answer came; it is being looked up.") }),
]);
export type TestSend = z.infer<typeof testSend>;
