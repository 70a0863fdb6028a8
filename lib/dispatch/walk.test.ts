import fc from "fast-check";
import { expect, test } from "vitest";
import { type AutomationDefinition, automationDefinition, type Step } from "../automations/schema";
import { type Condition, durationMs, matches, performedQueries } from "../conditions/schema";
import type { ConnectionRecord } from "../connections/schema";
import { asksOf } from "./asks";
import { walk } from "./decide";
import { variantFor } from "./draw";
import type { Person, Situation } from "./schema";

/**
 * The engine against a simple reading of what an automation means. `interpret` walks the tree of steps as a person would, in virtual time;
 * `engine` does what the database does around `walk`: it looks at the run when it is due and whenever a signal comes. Both must send the same
 * emails, each ready at the same moment, and end alike, whatever the definition and whatever happens meanwhile.
 */

type Happening = { name: string; x: number; atMs: number };
/** How long an email is on its way, and after what part of that the provider took it. */
type Mail = { latencyMs: number; acceptedPart: number };
type Story = { emails: string[]; end: string; traits: Record<string, unknown> };

const startMs = Date.UTC(2026, 10, 21, 12);
const at = (ms: number) => new Date(startMs + ms);
const names = ["a", "b"];
const minutes = (n: number) => `PT${n}M`;

const comparison = fc.record({
  field: fc.constantFrom("profile.p", "profile.q", "event.x"),
  op: fc.constantFrom("eq", "neq"),
  value: fc.integer({ min: 0, max: 2 }),
});
const performed = fc.record({
  performed: fc.constantFrom(...names),
  count: fc.record({ op: fc.constantFrom("gte", "lt", "eq"), value: fc.integer({ min: 0, max: 2 }) }),
  within: fc.option(fc.integer({ min: 1, max: 90 }).map(minutes), { nil: null }),
});
const leaf = fc.oneof(comparison, performed);
const condition = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 1, arbitrary: fc.record({ not: leaf }) },
  { weight: 1, arbitrary: fc.record({ all: fc.array(leaf, { minLength: 1, maxLength: 2 }) }) },
);
const where = fc.option(condition, { nil: null });
const simple = [
  {
    weight: 3,
    arbitrary: fc.constant({ type: "send_email", email_provider_id: connectionId(), subject: "s", text: "t" }),
  },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 20 }).map((n) => ({ type: "delay", for: minutes(n) })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ p: fc.option(fc.integer({ min: 0, max: 2 }), { nil: null }), q: fc.integer({ min: 0, max: 2 }) })
      .map((set) => ({ type: "update_profile", set })),
  },
];
const stepLists = (depth: number): fc.Arbitrary<object[]> => {
  if (depth === 0) return fc.array(fc.oneof(...simple), { maxLength: 2 });
  const inner = stepLists(depth - 1);
  const waiting = fc.record({
    type: fc.constant("wait_for"),
    event: fc.constantFrom(...names),
    where,
    timeout: fc.integer({ min: 0, max: 60 }).map(minutes),
    then: inner,
    else: inner,
  });
  const branching = fc.record({
    type: fc.constant("branch"),
    branches: fc.array(fc.record({ when: condition, steps: inner }), { minLength: 1, maxLength: 2 }),
    else: inner,
  });
  const splitting = fc.array(inner, { minLength: 2, maxLength: 3 }).map((lists) => ({
    type: "split",
    variants: lists.map((steps, index) => ({ id: `v${index}`, weight: index + 1, steps })),
  }));
  const ending = fc.constant({ type: "exit" });
  const step = fc.oneof(
    ...simple,
    { weight: 4, arbitrary: waiting },
    { weight: 2, arbitrary: branching },
    { weight: 1, arbitrary: splitting },
    { weight: 1, arbitrary: ending },
  );
  return fc.array(step, { minLength: depth, maxLength: 4 });
};
const definitions = fc
  .record({
    steps: stepLists(2),
    exit_when: fc.array(fc.record({ event: fc.constantFrom(...names), where }), { maxLength: 1 }),
  })
  .map(({ steps, exit_when }) =>
    automationDefinition.parse({
      trigger: { type: "event", event: "go" },
      exit_when,
      steps: named(steps, { last: 0 }),
    }),
  );
const histories = fc
  .array(
    fc.record({
      name: fc.constantFrom(...names),
      x: fc.integer({ min: 0, max: 2 }),
      minute: fc.integer({ min: 0, max: 150 }),
    }),
    {
      maxLength: 25,
    },
  )
  .map((events) =>
    events
      // A millisecond of its own each, so that nothing happens at the very moment of anything else.
      .map(({ name, x, minute }, index): Happening => ({ name, x, atMs: minute * 60_000 + index + 1 }))
      .sort((one, other) => one.atMs - other.atMs),
  );
const mails = fc.record({
  latencyMs: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 60 }).map((n) => n * 60_000),
  ),
  acceptedPart: fc.constantFrom(0, 0.5, 1),
});

test("any definition does what it says, whatever happens meanwhile", () => {
  let [emails, exits, waits] = [0, 0, 0];
  fc.assert(
    fc.property(definitions, histories, mails, (definition, events, mail) => {
      const told = engine(definition, events, mail);
      expect(told.story).toEqual(interpret(definition, events, mail));
      emails += told.story.emails.length;
      exits += told.story.end === "exit_event" ? 1 : 0;
      waits += told.reasons.filter((reason) => reason === "event_came").length;
    }),
    { numRuns: 500 },
  );
  // Else nothing was tried.
  for (const count of [emails, exits, waits]) expect(count).toBeGreaterThan(40);
});

function interpret({ steps, exit_when }: AutomationDefinition, events: Happening[], mail: Mail): Story {
  const emails: string[] = [];
  let traits: Record<string, unknown> = {};
  /** When it was ready, and what the clock shows: later where an email was still on its way. */
  let [readyMs, nowMs] = [0, 0];
  const holds = (rule: Condition | null, x?: number) =>
    rule === null || matches(rule, contextOf(rule, { traits, x, nowMs, events }), at(nowMs));
  class Ended extends Error {}
  const come = (event: Happening) => {
    nowMs = event.atMs;
    if (exit_when?.some((rule) => rule.event === event.name && holds(rule.where, event.x)))
      throw new Ended("exit_event");
  };
  const passUntil = (untilMs: number) => {
    for (const event of events) if (event.atMs > nowMs && event.atMs <= untilMs) come(event);
    nowMs = Math.max(nowMs, untilMs);
  };
  const waitFor = (step: Extract<Step, { type: "wait_for" }>): Step[] => {
    const untilMs = readyMs + durationMs(step.timeout);
    for (const event of events) {
      if (event.atMs <= readyMs || event.atMs > untilMs) continue;
      if (event.atMs > nowMs) come(event);
      if (event.name !== step.event || !holds(step.where, event.x)) continue;
      readyMs = event.atMs;
      return step.then;
    }
    passUntil(untilMs);
    readyMs = untilMs;
    return step.else;
  };
  const follow = (list: Step[]): void => {
    for (const step of list) {
      if (step.type === "exit") throw new Ended("exit_step");
      if (step.type === "send_email") {
        emails.push(`${step.id} ${readyMs}`);
        const acceptedMs = nowMs + mail.latencyMs * mail.acceptedPart;
        passUntil(nowMs + mail.latencyMs);
        readyMs = Math.max(readyMs, acceptedMs);
      } else if (step.type === "delay") {
        readyMs += durationMs(step.for ?? "PT0S");
        passUntil(readyMs);
      } else if (step.type === "update_profile") traits = applied(traits, step.set);
      else if (step.type === "wait_for") follow(waitFor(step));
      else if (step.type === "branch") follow(step.branches.find(({ when }) => holds(when))?.steps ?? step.else);
      else follow(variantFor(step, { automationId: "automation", personId: "person" }).steps);
    }
  };
  try {
    follow(steps);
  } catch (thrown) {
    if (!(thrown instanceof Ended)) throw thrown;
    return { emails, end: thrown.message, traits };
  }
  return { emails, end: "completed", traits };
}

function engine(
  definition: AutomationDefinition,
  events: Happening[],
  mail: Mail,
): { story: Story; reasons: string[] } {
  const run = {
    ...blankRun,
    stepId: null as string | null,
    stepDueAt: null as Date | null,
    passedStepIds: [] as string[],
  };
  const emails: string[] = [];
  const reasons: string[] = [];
  const sends = new Map<string, { status: string; sentAt: Date | null; unknownSince: null }>();
  let traits: Record<string, unknown> = {};
  let signals: Situation["signals"][number][] = [];
  let settles: { stepId: string; atMs: number; sentAt: Date } | null = null;
  let [dueMs, heard] = [0, 0];
  for (let looks = 0; looks < 2_000; looks += 1) {
    // Whatever comes first: an event, the end of an email's way, or the run's own time.
    const event = events[heard];
    const nowMs = Math.min(event?.atMs ?? Number.POSITIVE_INFINITY, settles?.atMs ?? Number.POSITIVE_INFINITY, dueMs);
    run.wasDueAt = at(nowMs);
    if (settles && settles.atMs === nowMs) {
      sends.set(settles.stepId, { status: "sent", sentAt: settles.sentAt, unknownSince: null });
      settles = null;
    } else if (event && event.atMs === nowMs) {
      heard += 1;
      signals.push({
        eventId: String(heard),
        name: event.name,
        properties: { x: event.x },
        receivedAt: at(nowMs),
        seen: false,
      });
    }
    const person: Person = { id: "person", externalId: null, traits, createdAt: at(0) };
    const asks = asksOf(definition, run, { signals, now: at(nowMs) });
    const situation: Situation = {
      run: { ...run },
      automation: { name: "A", status: "live", deleted: false },
      definition,
      person,
      event: null,
      workspaceTimezone: null,
      sends,
      connections: new Map([[connectionId(), { id: connectionId(), messageStream: "s" } as ConnectionRecord]]),
      signals,
      unsubscribed: [],
      performed: counts(asks, { events, nowMs }),
    };
    const { decision, notes, passedStepIds, signals: after } = walk(situation, at(nowMs));
    reasons.push(...notes.map(({ reason }) => reason));
    signals = signals
      .filter(({ eventId }) => after.kept.includes(eventId))
      .map((signal) => ({ ...signal, seen: true }));
    if (decision.kind === "park") throw new Error("a live run was parked");
    run.passedStepIds.push(...passedStepIds);
    expect(new Set(run.passedStepIds).size, "each step is passed once").toBe(run.passedStepIds.length);
    Object.assign(run, decision.place);
    if (decision.kind === "exit") return { story: { emails, end: decision.reason, traits }, reasons };
    if (decision.kind === "update") traits = applied(traits, decision.set);
    if (decision.kind === "complete" || (decision.kind === "update" && decision.ends))
      return { story: { emails, end: "completed", traits }, reasons };
    dueMs = decision.kind === "update" ? nowMs : decision.until.getTime() - startMs;
    if (decision.kind !== "send") continue;
    emails.push(`${decision.step.id} ${decision.place.readyAt.getTime() - startMs}`);
    sends.set(decision.step.id, { status: "sending", sentAt: null, unknownSince: null });
    const sentAt = at(nowMs + mail.latencyMs * mail.acceptedPart);
    settles = { stepId: decision.step.id, atMs: nowMs + mail.latencyMs, sentAt };
  }
  throw new Error("the run does not end");
}

const blankRun = {
  id: "run",
  automationId: "automation",
  versionId: "version",
  profileId: "person",
  eventId: null,
  readyAt: at(0),
  wasDueAt: at(0),
  attempt: 1,
};

const applied = (traits: Record<string, unknown>, set: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries({ ...traits, ...set }).filter(([, value]) => value !== null));

const counts = (asks: ReturnType<typeof performedQueries>, { events, nowMs }: { events: Happening[]; nowMs: number }) =>
  new Map(
    asks.map(({ key, event, within, countMax }) => {
      const sinceMs = within === null ? Number.NEGATIVE_INFINITY : nowMs - durationMs(within);
      const found = events.filter(({ name, atMs }) => name === event && atMs <= nowMs && atMs >= sinceMs);
      return [key, Math.min(found.length, countMax)];
    }),
  );

/** Asked for by the rule itself: that the engine asks for enough is part of what is tried. */
const contextOf = (
  rule: Condition,
  {
    traits,
    x,
    ...when
  }: { traits: Record<string, unknown>; x: number | undefined; nowMs: number; events: Happening[] },
) => ({ profile: traits, event: x === undefined ? {} : { x }, performed: counts(performedQueries(rule), when) });

function named(steps: object[], counter: { last: number }): object[] {
  const inside = (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    return value.some((item) => "type" in item)
      ? named(value, counter)
      : value.map((item) => ("steps" in item ? { ...item, steps: named(item.steps, counter) } : item));
  };
  return steps.map((step) => {
    counter.last += 1;
    const id = `s${counter.last}`;
    const entries = Object.entries(step).map(([key, value]) => [
      key,
      ["then", "else", "branches", "variants"].includes(key) ? inside(value) : value,
    ]);
    return { ...Object.fromEntries(entries), id };
  });
}

function connectionId() {
  return "01a1fff8-0000-7000-8000-000000000001";
}
