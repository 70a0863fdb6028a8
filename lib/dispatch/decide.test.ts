import { expect, test } from "vitest";
import { automationDefinition } from "../automations/schema";
import type { ConnectionRecord } from "../connections/schema";
import { decide, walk } from "./decide";
import { decideLetter, isAddress } from "./decide-letter";
import { reasonSentence, reasons } from "./reasons";
import type { Letter, Situation } from "./schema";
import { now, situation } from "./testing/situation";

const later = (ms: number) => new Date(now.getTime() + ms);
const connectionId = "01a1fff8-0000-7000-8000-000000000001";
const connection: ConnectionRecord = {
  id: connectionId,
  workspaceId: "w",
  provider: "fake",
  displayName: "Fake",
  fromEmail: "hello@example.com",
  fromName: null,
  dkimSelector: null,
  returnPathDomain: null,
  replyToEmail: null,
  messageStream: "broadcast",
  allowTransactional: false,
  status: "ready",
  credentialsLast4: "",
  credentialsVersion: "1",
  serverId: "1",
  serverName: null,
  streams: [],
  lastValidatedAt: null,
  lastError: null,
  failingSince: null,
  createdAt: now,
  updatedAt: now,
};
const email = (id: string) => ({ id, type: "send_email", email_provider_id: connectionId, subject: "Hi", text: "Hi" });
const define = (...steps: object[]) =>
  automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, steps });
const person = {
  id: "p",
  externalId: "u",
  traits: { email: "ada@example.com", timezone: "Europe/Berlin" },
  createdAt: now,
};
/** One email, to a person who has an address. */
const mailing = (over: Partial<Situation> = {}, run: Partial<Situation["run"]> = {}): Situation => {
  const connections = new Map([[connectionId, connection]]);
  return situation({ definition: define(email("one")), person, connections, ...over }, run);
};
const end = (given: Situation) => walk(given, now).decision;

test.each([
  ["archived", { automation: { name: "A", status: "archived", deleted: false } }, { kind: "exit", reason: "archived" }],
  ["deleted", { automation: { name: "A", status: "live", deleted: true } }, { kind: "exit", reason: "archived" }],
  ["paused", { automation: { name: "A", status: "paused", deleted: false } }, { kind: "park" }],
  ["of nobody", { person: null }, { kind: "exit", reason: "profile_deleted" }],
  ["without steps", { definition: define() }, { kind: "complete" }],
] as const)("a run that is %s does not send", (_, over, expected) => {
  expect(end(mailing(over))).toMatchObject(expected);
});

test("a run stops at its first email, queued for when it was ready", () => {
  const readyAt = later(-5_000);
  expect(end(mailing({}, { readyAt }))).toMatchObject({
    kind: "send",
    connectionId,
    stream: "broadcast",
    place: { stepId: "one", readyAt },
  });
});

test.each([
  ["queued", null],
  ["sending", null],
])("a run stands while its email is %s", (status, sentAt) => {
  const sends = new Map([["one", { status, sentAt, unknownSince: null }]]);
  expect(end(mailing({ sends }, { stepId: "one" }))).toMatchObject({ kind: "wait", place: { stepId: "one" } });
});

test.each(["sent", "delivered", "bounced", "complained", "skipped", "failed"])(
  "a run goes on when its email is %s",
  (status) => {
    const sends = new Map([["one", { status, sentAt: null, unknownSince: null }]]);
    expect(end(mailing({ sends }, { stepId: "one" }))).toMatchObject({ kind: "complete" });
  },
);

test("the step after an email is reached when that was sent, so a delay begins there", () => {
  const sentAt = later(-3_600_000);
  const sends = new Map([["one", { status: "sent", sentAt, unknownSince: null }]]);
  const definition = define(email("one"), { id: "wait", type: "delay", for: "P1D" });
  expect(end(mailing({ definition, sends }, { stepId: "one", readyAt: sentAt }))).toMatchObject({
    kind: "wait",
    until: later(23 * 3_600_000),
  });
});

test("an unknown email holds its run for 24 hours", () => {
  const known = (hours: number) =>
    new Map([["one", { status: "unknown", sentAt: null, unknownSince: later(-hours * 3_600_000) }]]);
  expect(end(mailing({ sends: known(23) }, { stepId: "one" }))).toMatchObject({
    kind: "wait",
    until: later(3_600_000),
  });
  expect(end(mailing({ sends: known(24) }, { stepId: "one" }))).toMatchObject({ kind: "complete" });
});

test("a delay of zero and nested branches are passed in one go", () => {
  const definition = define(
    { id: "zero", type: "delay", for: "PT0S" },
    {
      id: "b",
      type: "branch",
      branches: [{ when: { field: "profile.plan", op: "eq", value: "pro" }, steps: [] }],
      else: [{ id: "in", type: "delay", for: "PT0S" }],
    },
    { id: "out", type: "exit" },
  );
  const { decision, notes } = walk(mailing({ definition }), now);
  expect(decision).toMatchObject({ kind: "exit", reason: "exit_step" });
  expect(notes.map(({ stepId, reason }) => `${stepId} ${reason}`)).toEqual(["b branch_else", "out exit_step"]);
});

test("a step whose connection was deleted is passed, and says so", () => {
  expect(walk(mailing({ connections: new Map() }), now).notes.map(({ reason }) => reason)).toEqual([
    "connection_missing",
    "finished",
  ]);
});

test("a decision is the same whenever it is asked again", () => {
  const given = mailing();
  const place = { stepId: null, stepDueAt: null, readyAt: now };
  expect(decide(given, place, now)).toEqual(decide(given, place, now));
});

const letter = (over: Partial<Letter> = {}): Letter => ({
  id: "s",
  number: 1,
  tries: 0,
  stepId: "one",
  scheduledAt: now,
  automationId: "a",
  automation: { name: "A", status: "live", deleted: false },
  definition: define(email("one")),
  unreadable: false,
  run: { status: "active", overdueSkipBefore: null },
  signalled: false,
  skippedBy: null,
  stream: connection.messageStream ?? "broadcast",
  person,
  event: null,
  workspace: { id: "w", name: "W", timezone: null, stopped: false },
  suppressed: null,
  connection,
  ...over,
});
const hours = (n: number) => later(-n * 3_600_000);

test.each<[string, Partial<Letter>, object]>([
  ["as it should be", {}, { kind: "write", to: "ada@example.com", fromEmail: "hello@example.com" }],
  ["suppressed", { suppressed: "unsubscribe" }, { kind: "skip", reason: "suppressed" }],
  ["of a stopped workspace", { workspace: { id: "w", name: "W", timezone: null, stopped: true } }, { kind: "stopped" }],
  ["of nobody", { person: null }, { kind: "skip", reason: "person_gone" }],
  [
    "of an archived automation",
    { automation: { name: "A", status: "archived", deleted: false } },
    { kind: "skip", reason: "automation_archived" },
  ],
  ["of a paused automation", { automation: { name: "A", status: "paused", deleted: false } }, { kind: "park" }],
  [
    "of a run that has ended early",
    { run: { status: "exited", overdueSkipBefore: null } },
    { kind: "skip", reason: "run_ended" },
  ],
  ["of a step that is gone", { stepId: "two" }, { kind: "skip", reason: "step_missing" }],
  ["without an address yet", { person: { ...person, traits: {} } }, { kind: "later", reason: "awaiting_email" }],
  [
    "without an address for long",
    { person: { ...person, traits: { email: " " } }, scheduledAt: later(-600_000) },
    { kind: "skip", reason: "no_email" },
  ],
  [
    "to an unusable address",
    { person: { ...person, traits: { email: "Ada <ada@example.com>" } } },
    { kind: "skip", reason: "invalid_email" },
  ],
  ["more than a day late", { scheduledAt: hours(25) }, { kind: "hold", reason: "late" }],
  [
    "overdue, and to be skipped then",
    { scheduledAt: hours(2), run: { status: "active", overdueSkipBefore: hours(1) } },
    { kind: "skip", reason: "overdue" },
  ],
  ["whose run has a signal that nobody has looked at", { signalled: true }, { kind: "signalled" }],
  [
    "that was on its way when queued ones were dropped",
    { skippedBy: "paused", automation: { name: "A", status: "paused", deleted: false } },
    { kind: "skip", reason: "paused" },
  ],
  [
    "whose connection names another stream by now",
    { connection: { ...connection, messageStream: "news" } },
    { kind: "move", stream: "news" },
  ],
  [
    "whose connection names no stream, and whose server tells of none",
    { stream: "any", connection: { ...connection, messageStream: null, streams: [] } },
    { kind: "write" },
  ],
  ["without a sender", { connection: { ...connection, fromEmail: null } }, { kind: "fail", reason: "from_missing" }],
])("an email %s is decided by how things are when it is to leave", (_, over, expected) => {
  expect(decideLetter(letter(over), now)).toMatchObject(expected);
});

test.each([
  ["ada@example.com", true],
  ["ada+tag@sub.example.co", true],
  ["ädä@exämple.de", true],
  ["ada@localhost", false],
  ["ada@example.com, bob@example.com", false],
  ["ada@example.com\nBcc: x@example.com", false],
  ["<ada@example.com>", false],
  ["@example.com", false],
  [`${"a".repeat(250)}@example.com`, false],
])("%s is one bare address: %s", (text, expected) => {
  expect(isAddress(text)).toBe(expected);
});

test("every reason has a sentence for people", () => {
  for (const [code, { sentence }] of Object.entries(reasons)) expect(sentence, code).toMatch(/^[A-Z].*\.$/);
  expect(Object.keys(reasons).length).toBeGreaterThanOrEqual(30);
  expect(reasonSentence("constructor")).toBeNull();
});
