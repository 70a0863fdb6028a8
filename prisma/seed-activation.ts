/** What happened to people in the demo's automation that waits, splits and ends early: pure, drawn from a fixed seed. */
import { type AutomationDefinition, automationDefinition, findStep } from "../lib/automations/schema";
import { variantFor } from "../lib/dispatch/draw";
import { nextId } from "../lib/testing/factory";
import { type AutomationRow, chances, type Journey, type Person, sendOf } from "./seed-people";

const hourMs = 3_600_000;
const waitMs = 48 * hourMs;

type Given = {
  people: Person[];
  profileIds: string[];
  automations: AutomationRow[];
  now: Date;
  /** Addresses that may not be written to any more: their people are left out. */
  suppressed: ReadonlySet<string>;
};
type Noted = Omit<Journey["decisions"][number], "id" | "profileId" | "automationId" | "enrollmentId">;

/** Half create their project in time, some subscribe before that, the others get one of two emails; the newest still wait. */
export function activationsOf({ people, profileIds, automations, now, suppressed }: Given): Journey[] {
  const row = automations.find(({ key }) => key === "activation");
  if (!row) return [];
  const definition = automationDefinition.parse(row.definition);
  const chance = chances(11);
  return people.flatMap((person, index) => {
    const startedAt = new Date(person.createdAt.getTime() + 2 * hourMs);
    const isRecent = startedAt < now && startedAt.getTime() > now.getTime() - 14 * 24 * hourMs;
    if (person.traits.plan !== "trial" || !isRecent || suppressed.has(person.email ?? "")) return [];
    return [journeyOf({ row, definition, person, profileId: profileIds[index] ?? "", startedAt, now, chance })];
  });
}

type Plan = {
  row: AutomationRow;
  definition: AutomationDefinition;
  person: Person;
  profileId: string;
  startedAt: Date;
  now: Date;
  chance: () => number;
};

function journeyOf(plan: Plan): Journey {
  const { row, profileId, startedAt, now, chance } = plan;
  const [eventId, enrollmentId] = [nextId(startedAt), nextId(startedAt)];
  const drawn = chance();
  const happening = drawn < 0.5 ? "project_created" : drawn < 0.65 ? "subscribed" : null;
  const until = new Date(startedAt.getTime() + waitMs);
  const turnAt = happening === null ? until : new Date(startedAt.getTime() + (0.05 + 0.9 * chance()) * waitMs);
  const started = {
    id: eventId,
    profileId,
    name: "trial_started",
    properties: { plan: "trial" },
    occurredAt: startedAt,
  };
  const waiting = turnAt >= now;
  const came = happening !== null && !waiting;
  const turn = came ? [{ id: nextId(turnAt), profileId, name: happening, properties: {}, occurredAt: turnAt }] : [];
  const [heard] = turn;
  const ending = waiting ? null : endingOf({ ...plan, enrollmentId, turnAt, heardId: heard?.id ?? null, happening });
  const noted: (Noted & { at: Date })[] = [
    { kind: "entered", reason: "trigger", at: startedAt },
    {
      kind: "waited",
      reason: "waited_for",
      stepId: "first-project",
      details: { event: "project_created", until: until.toISOString() },
      at: startedAt,
    },
    ...(ending?.notes ?? []).map((note) => ({ ...note, at: turnAt })),
  ];
  return {
    automationId: row.id,
    versionId: row.versionId,
    events: [started, ...turn],
    enrollment: {
      id: enrollmentId,
      profileId,
      eventId,
      entryKey: "",
      status: ending?.status ?? "active",
      ...(ending?.status === "exited" && { reason: "exit_event" }),
      stepId: ending?.stepId ?? "first-project",
      createdAt: startedAt,
      readyAt: ending === null ? startedAt : turnAt,
      stepDueAt: ending === null ? until : null,
      dueAt: ending === null ? until : null,
      endedAt: ending === null ? null : turnAt,
    },
    sends: ending?.sends ?? [],
    decisions: noted.map(({ at, ...note }) => ({
      ...note,
      id: nextId(at),
      profileId,
      automationId: row.id,
      enrollmentId,
    })),
  };
}

type Ending = { status: string; stepId: string; sends: Journey["sends"]; notes: Noted[] };
type Turn = Plan & { enrollmentId: string; turnAt: Date; heardId: string | null; happening: string | null };

function endingOf(turn: Turn): Ending {
  const { happening, heardId, turnAt } = turn;
  const heard = { event: happening ?? "", event_id: heardId ?? "", received_at: turnAt.toISOString() };
  if (happening === "subscribed") {
    const notes = [{ kind: "exited", reason: "exit_event", stepId: "first-project", details: heard }];
    return { status: "exited", stepId: "first-project", sends: [], notes };
  }
  if (happening === "project_created") {
    const set = { set: { activated: true }, was: { activated: null } };
    const notes = [
      { kind: "branched", reason: "event_came", stepId: "first-project", details: heard },
      { kind: "updated", reason: "profile_updated", stepId: "activated", details: set },
      { kind: "completed", reason: "finished", stepId: "activated" },
    ];
    return { status: "completed", stepId: "activated", sends: [], notes };
  }
  return nudged(turn);
}

function nudged({ row, definition, person, profileId, enrollmentId, turnAt, chance }: Turn): Ending {
  const split = findStep(definition, "nudge");
  if (split?.type !== "split") throw new Error("the demo's automation has no split");
  const variant = variantFor(split, { automationId: row.id, personId: profileId });
  const stepId = `nudge-${variant.id}`;
  const send = sendOf({ row, stepId, at: turnAt, enrollmentId, person, profileId, chance, suppressed: false });
  const { id: sendId, status, reason } = send.row;
  const left = status === "skipped" ? "skipped" : "sent";
  const notes: Noted[] = [
    {
      kind: "branched",
      reason: "wait_timed_out",
      stepId: "first-project",
      details: { event: "project_created", until: turnAt.toISOString() },
    },
    {
      kind: "branched",
      reason: "split_taken",
      stepId: "nudge",
      details: { variant: variant.id, weight: variant.weight },
    },
    { kind: left, reason: left === "skipped" ? (reason ?? "no_email") : "accepted", stepId, sendId },
    { kind: "completed", reason: "finished", stepId },
  ];
  return { status: "completed", stepId, sends: [send], notes };
}
