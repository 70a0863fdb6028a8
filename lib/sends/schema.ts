import * as z from "zod";

import { type SendStatus, sendStatus } from "./advance";

export { sendStatusMeaning } from "./advance";
export { type FeedSource, type NewsFeed, newsFeed, type SyncedNews, syncedNews } from "./news-feed-schema";
export { type SendStatus, sendStatus };

const moment = z.iso.datetime();

/** One line of a send's history: our own steps, and what the provider reported. */
const sendEvent = z.object({
  type: z
    .string()
    .describe("queued, attempt, sent, skipped, failed, held, marked_sent, sent_again, delivered, bounced, opened…"),
  occurred_at: moment,
  data: z.record(z.string(), z.unknown()),
});
export type SendEvent = z.infer<typeof sendEvent>;

/** One email to one person. */
const send = z.object({
  id: z.uuid(),
  project_id: z.uuid(),
  automation_id: z.uuid().nullable().describe("Null for a test from a connection's page."),
  enrollment_id: z.uuid().nullable(),
  step_id: z.string().nullable(),
  email_provider_id: z.uuid(),
  profile_id: z.uuid().nullable(),
  to: z.string().nullable(),
  from: z.string().nullable(),
  subject: z.string().nullable(),
  message_stream: z.string(),
  status: sendStatus,
  reason: z
    .string()
    .nullable()
    .describe(
      "Why it is held (late, sending_stopped, connection_failing, connection_disabled, stream_refused, paused…), was skipped or failed.",
    ),
  provider_message_id: z.string().nullable(),
  attempts: z.int().nonnegative(),
  created_at: moment,
  sent_at: moment.nullable(),
  delivered_at: moment.nullable(),
  opened_at: moment.nullable().describe("First open."),
  clicked_at: moment.nullable().describe("First click."),
  opens: z.int().nonnegative().describe("Distinct opens."),
  clicks: z.int().nonnegative().describe("Distinct links, by recipient."),
  waiting_since: moment
    .nullable()
    .describe("Of queued ones: when it was to leave. Of unknown ones: since when it is not known whether it left."),
  due_at: moment
    .nullable()
    .describe(
      "When it is looked at next by itself. Null when nothing happens before somebody acts, and when it is settled.",
    ),
});
export type Send = z.infer<typeof send>;

export const sendWithEvents = send.extend({ events: z.array(sendEvent).describe("Oldest first, at most 500.") });
export type SendWithEvents = z.infer<typeof sendWithEvents>;

const nextCursor = z
  .string()
  .nullable()
  .describe("Null on the last page. A page may be short, even empty, while a search goes on.");
export const sendPage = z.object({ data: z.array(send), next_cursor: nextCursor });
export type SendPage = z.infer<typeof sendPage>;

const text = (charactersMax: number) =>
  z
    .string()
    .trim()
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .refine((given) => !given.includes("\u0000"), "must not contain U+0000");
const projectId = z.string().max(64).optional().describe("The workspace's id.");
/** An id in a path or filter that is not one belongs to nothing, so it finds nothing rather than being invalid. */
const looseId = text(200);

export const listSendsInput = z.strictObject({
  project_id: projectId,
  status: sendStatus.optional(),
  email: text(320).optional().describe("Exactly this recipient."),
  automation_id: looseId.optional(),
  message_id: looseId.optional().describe("The provider's id of the message."),
  connection_id: looseId.optional(),
  profile_id: looseId.optional().describe("Any of a person's three ids."),
  reason: text(64).optional().describe("As the send shows it: late, cannot_know, paused, suppressed…"),
  held: z
    .enum(["true", "false"])
    .optional()
    .describe(
      "Queued ones that somebody has to let go: late, paused, stopped, of a failing or disabled connection or a refused stream.",
    ),
  q: text(200).optional().describe("An id, the beginning of a recipient, or part of a recent subject."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid("This is not a cursor of this list.").optional(),
});
export type ListSendsInput = z.infer<typeof listSendsInput>;

export const sendInput = z.strictObject({ id: looseId });
export type SendInput = z.infer<typeof sendInput>;

/** What holds queued sends by one fact, until that changes (the function send_hold works it out). "late" is no such fact: it is stored, and a person's to decide. */
export const heldBy = [
  "paused",
  "sending_stopped",
  "connection_failing",
  "connection_disabled",
  "stream_refused",
  "account_refused",
] as const;
export type HeldBy = (typeof heldBy)[number];
export const isHeldBy = (reason: string): reason is HeldBy => heldBy.some((fact) => fact === reason);

/** An unknown send that search has not cleared up after this long is for a person, whatever it hopes for. */
export const searchMinutesMax = 60;

// ——— A person decides

/**
 * What a person says about a send that nobody else can settle. `sent`: the provider took it. `again`: it leaves now, whatever became of
 * earlier calls. `skip`: it never leaves; the run goes on.
 */
const resolution = z
  .enum(["sent", "again", "skip"])
  .describe("sent: the provider took it. again: it leaves now, perhaps a second time. skip: it never leaves.");
export type Resolution = z.infer<typeof resolution>;

/** As what a person saw a send that they decide about. */
const seenAs = z
  .enum(["late", "unknown"])
  .describe(
    "What it was when you looked. Where it is something else by now nothing is done, so that what never left cannot go out twice.",
  );
export type SeenAs = z.infer<typeof seenAs>;

export const resolveSendInput = z.strictObject({
  id: looseId,
  as: resolution,
  was: seenAs.optional(),
  attempts: z
    .int()
    .nonnegative()
    .optional()
    .describe("Its attempts when you looked: nothing is done when there are others."),
});
export type ResolveSendInput = z.infer<typeof resolveSendInput>;

const resolvedAtOnceMax = 500;
export const resolveSendsInput = z.strictObject({
  project_id: projectId,
  ids: z
    .array(looseId)
    .min(1, "Name at least one send.")
    .max(resolvedAtOnceMax, `Name at most ${resolvedAtOnceMax} sends at once.`),
  as: resolution,
  was: seenAs.optional(),
  attempts: z
    .array(z.int().nonnegative())
    .max(resolvedAtOnceMax)
    .optional()
    .describe("The attempts of each when you looked, in the order of `ids`: nothing is done where there are others."),
});
export type ResolveSendsInput = z.infer<typeof resolveSendsInput>;

const unresolved = z.object({ id: z.string(), error: z.enum(["not_found", "conflict"]), detail: z.string() });
export type Unresolved = z.infer<typeof unresolved>;
export const resolvedSends = z.object({
  resolved: z.int().nonnegative().describe("Sends that are as asked, those included that were decided so before."),
  errors: z.array(unresolved),
});
export type ResolvedSends = z.infer<typeof resolvedSends>;

/**
 * How many sends wait for more than their turn. Counted up to `waitingCountMax`; what stands there may be more. `undecided`: unknown ones
 * that are for a person; `toDecide`: those and the late ones.
 */
export type WaitingSends = {
  unknown: number;
  held: number;
  late: number;
  cannotKnow: number;
  undecided: number;
  toDecide: number;
};
export const waitingCountMax = 1_000;

/** What becomes of queued sends when everything is stopped: `hold` keeps them, `skip` drops them. */
export const stopSendingInput = z.strictObject({
  project_id: projectId,
  queued: z.enum(["hold", "skip"]).default("hold"),
});
export type StopSendingInput = z.infer<typeof stopSendingInput>;

/** What becomes of sends whose time came meanwhile. */
export const resumeSendingInput = z.strictObject({
  project_id: projectId,
  overdue: z.enum(["send", "skip"]).default("send"),
});
export type ResumeSendingInput = z.infer<typeof resumeSendingInput>;

export const sendingState = z.object({
  sending_stopped_at: moment.nullable(),
  skipped: z.int().nonnegative().describe("Sends that were dropped by this."),
});
export type SendingState = z.infer<typeof sendingState>;

// ——— A person's history

export const historyInput = z.strictObject({
  id: looseId,
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});
export type HistoryInput = z.infer<typeof historyInput>;

/** Something that a person did, or that we or a provider did for them. */
const timelineEntry = z.object({
  type: z.enum(["event", "send", "engagement"]),
  id: z.uuid(),
  occurred_at: moment,
  name: z.string().describe("The event's name, send, or delivered, opened, clicked…"),
  send_id: z.uuid().nullable(),
  subject: z.string().nullable().describe("Of sends and their engagement."),
  status: sendStatus.nullable().describe("Of sends."),
  data: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;
export const timelinePage = z.object({ data: z.array(timelineEntry), next_cursor: nextCursor });
export type TimelinePage = z.infer<typeof timelinePage>;

/** An id that was attached to a person, and the event that brought it. */
const identityEntry = z.object({
  kind: z.enum(["external", "anonymous"]),
  value: z.string(),
  attached_at: moment,
  event: z.object({ id: z.uuid(), name: z.string(), source: z.string(), occurred_at: moment }).nullable(),
});
export type IdentityEntry = z.infer<typeof identityEntry>;

/** Something else that happened to a person's ids. */
const identityChange = z.object({
  id: z.uuid(),
  at: moment,
  kind: z.enum(["merged", "taken_over", "aliased"]),
  role: z.enum(["gained", "lost"]).describe("Whether the person got the other's history or id, or had an id taken."),
  other_id: z.uuid().nullable().describe("The other profile; null where an alias attached an id that nobody had."),
  identifier: z.object({ kind: z.enum(["external", "anonymous"]), value: z.string() }).nullable(),
  named: z.array(z.string()).describe("The ids that named the two as one."),
  event: z.string().nullable().describe("The event that did; null for an alias."),
});
export type IdentityChange = z.infer<typeof identityChange>;
export const identityList = z.object({ data: z.array(identityEntry), changes: z.array(identityChange) });
export type IdentityList = z.infer<typeof identityList>;

/** A person's run through an automation. */
export const personEnrollment = z.object({
  id: z.uuid(),
  automation_id: z.uuid(),
  automation_name: z.string(),
  version: z.int().positive(),
  profile_id: z.uuid(),
  status: z.enum(["active", "completed", "exited"]),
  step_id: z.string().nullable(),
  due_at: moment.nullable(),
  reason: z.string().nullable(),
  entered_at: moment,
  ended_at: moment.nullable(),
});
export type PersonEnrollment = z.infer<typeof personEnrollment>;
export const personEnrollmentPage = z.object({ data: z.array(personEnrollment), next_cursor: nextCursor });
export type PersonEnrollmentPage = z.infer<typeof personEnrollmentPage>;
