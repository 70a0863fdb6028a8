import "server-only";
import type { Tenant } from "../actor";
import { type AutomationStatus, automationStatuses, liveTrigger } from "../automations/schema";
import { performedQueries } from "../conditions/schema";
import { db } from "../db";
import { countPerformed } from "../events";
import { sendStatus } from "../sends/schema";
import type { Person } from "./schema";
import {
  type AutomationRow,
  type ChangeRow,
  type DecisionRow,
  type EntryRow,
  type EventRow,
  type RunRow,
  type SendRow,
  selectChanges,
  selectDecisionsOf,
  selectEntries,
  selectEventsNamed,
  selectRuns,
  selectSendsOf,
  selectVersions,
  type VersionRow,
} from "./store-why";
import type { StoredDecision, StoredRun, WhyFacts } from "./why";
import type { WhyEvent } from "./why-entry";
import { type History, historyOf, type KnownVersion, type StatusChange, versionAt } from "./why-history";

/** How much of each automation is looked at. `enrollmentId`: only this run, and nothing about not entering. */
export type Bounds = { runsMax: number; eventsMax: number; decisionsMax: number; now: Date; enrollmentId?: string };
export type Asked = {
  person: Person;
  /** Survivor and tombstones. */
  profileIds: readonly string[];
  automations: readonly AutomationRow[];
  stoppedSince: Date | null;
};

/** Everything that answers look at, by automation: a fixed handful of statements for any number of them. */
export async function loadWhy(tenant: Tenant, asked: Asked, bounds: Bounds): Promise<WhyFacts[]> {
  const { automations, profileIds } = asked;
  const automationIds = automations.map(({ id }) => id);
  const [versions, changes, entries] = await Promise.all([
    selectVersions(db, tenant, automationIds),
    selectChanges(db, tenant, automationIds),
    selectEntries(db, tenant, { automationIds, profileIds }),
  ]);
  const known = automations.map((row) => automationOf(row, { asked, versions, changes, entries, bounds }));
  const names = bounds.enrollmentId ? [] : [...new Set(known.flatMap(({ startsOn }) => startsOn))];
  const runIds = known.flatMap(({ newest }) => newest);
  const [events, runs, sends, decisions] = await Promise.all([
    selectEventsNamed(db, tenant, { names, profileIds, limit: bounds.eventsMax + 1 }),
    selectRuns(db, tenant, runIds),
    selectSendsOf(db, tenant, runIds),
    selectDecisionsOf(db, tenant, { runIds, limit: bounds.decisionsMax }),
  ]);
  const written = { runs, sends, decisions };
  const facts = known.map((one) => factsOf(one, events, written, asked, bounds));
  return withPerformed(tenant, facts, bounds.now);
}

type Known = {
  row: AutomationRow;
  history: History;
  startsOn: string[];
  entries: EntryRow[];
  /** The runs that are looked at. */
  newest: string[];
};

function automationOf(
  row: AutomationRow,
  {
    asked,
    versions,
    changes,
    entries,
    bounds,
  }: {
    asked: Asked;
    versions: readonly VersionRow[];
    changes: readonly ChangeRow[];
    entries: readonly EntryRow[];
    bounds: Bounds;
  },
): Known {
  const own = versions.filter(({ automation_id }) => automation_id === row.id);
  const mine = entries.filter(({ automation_id }) => automation_id === row.id);
  const named = own.flatMap(({ starts_on }) => starts_on ?? []).reverse();
  const newest = bounds.enrollmentId
    ? mine.filter(({ id }) => id === bounds.enrollmentId)
    : mine.slice(0, bounds.runsMax);
  return {
    row,
    history: historyOf(own.map(toVersion), changesOf(row.id, changes), {
      status: row.deleted ? "archived" : statusOf(row.status),
      statusSince: row.paused_at ?? row.updated_at,
      stoppedSince: asked.stoppedSince,
    }),
    startsOn: [...new Set(own.length > 0 ? named : row.starts_on === null ? [] : [row.starts_on])],
    entries: mine,
    newest: newest.map(({ id }) => id),
  };
}

const toVersion = ({ id, number, created_at, trigger }: VersionRow): KnownVersion => {
  const parsed = liveTrigger.safeParse(trigger);
  return { id, number, at: created_at, trigger: parsed.success ? parsed.data : null };
};

const becomes: Record<string, AutomationStatus> = {
  "automation.published": "live",
  "automation.paused": "paused",
  "automation.resumed": "live",
  "automation.archived": "archived",
  "automation.deleted": "archived",
};

function changesOf(automationId: string, rows: readonly ChangeRow[]): Pick<History, "changes" | "stops"> {
  const changes = rows.flatMap(({ automation_id, action, created_at: at }): StatusChange[] => {
    const to = automation_id === automationId ? becomes[action] : undefined;
    return to === undefined ? [] : [{ at, to }];
  });
  const stops = rows
    .filter(({ automation_id }) => automation_id === null)
    .map(({ action, created_at: at }) => ({ at, stopped: action === "sending.stopped" }));
  return { changes, stops };
}

function statusOf(text: string): AutomationStatus {
  const known = automationStatuses.find((status) => status === text);
  if (known === undefined) throw new Error(`an automation has the unknown status ${text}`);
  return known;
}

type Written = { runs: readonly RunRow[]; sends: readonly SendRow[]; decisions: readonly DecisionRow[] };

function factsOf(
  { row, history, startsOn, entries, newest }: Known,
  events: readonly EventRow[],
  written: Written,
  { person, stoppedSince }: Asked,
  { eventsMax, enrollmentId }: Bounds,
): WhyFacts {
  const mine = events.filter(({ name }) => startsOn.includes(name));
  const sends = written.sends.filter(({ enrollment_id }) => newest.includes(enrollment_id));
  return {
    automation: { id: row.id, name: row.name, status: statusOf(row.status) },
    around: {
      status: row.deleted ? "archived" : row.status,
      pausedSince: row.paused_at,
      stoppedSince,
      failingSince: new Map(sends.map(({ id, failing_since }) => [id, failing_since])),
    },
    entry: {
      history,
      person,
      entries: entries.map(({ id, event_id, created_at }) => ({ enrollmentId: id, eventId: event_id, at: created_at })),
      performed: new Map(),
    },
    events: mine.slice(0, eventsMax).map(toEvent),
    moreEvents: mine.length > eventsMax,
    startsOn,
    runs: written.runs.filter(({ id }) => newest.includes(id)).map((run) => toRun(run, sends, written.decisions)),
    moreRuns: enrollmentId === undefined && entries.length > newest.length,
  };
}

const toEvent = ({ occurred_at, received_at, ...event }: EventRow): WhyEvent => ({
  ...event,
  occurredAt: occurred_at,
  receivedAt: received_at,
});

function toRun(run: RunRow, sends: readonly SendRow[], decisions: readonly DecisionRow[]): StoredRun {
  return {
    id: run.id,
    version: run.version,
    status: run.status === "active" || run.status === "exited" ? run.status : "completed",
    reason: run.reason,
    stepId: run.step_id,
    stepDueAt: run.step_due_at,
    dueAt: run.due_at,
    enteredAt: run.created_at,
    endedAt: run.ended_at,
    sends: sends.filter(({ enrollment_id }) => enrollment_id === run.id).map(toSend),
    decisions: decisions.filter(({ enrollment_id }) => enrollment_id === run.id).map(toStored),
  };
}

const toSend = (send: SendRow): StoredRun["sends"][number] => ({
  id: send.id,
  stepId: send.step_id,
  subject: send.subject,
  status: sendStatus.parse(send.status),
  reason: send.reason,
  detail: send.detail,
  scheduledAt: send.scheduled_at,
  dueAt: send.due_at,
  notBefore: send.not_before,
  unknownSince: send.unknown_since,
  happenedAt: send.happened_at,
});

export const toStored = ({ details, ...decision }: DecisionRow): StoredDecision => ({
  ...decision,
  details: details ?? {},
});

/** How often the person had done what `performed` conditions ask, as of each event; most automations ask nothing. */
async function withPerformed(tenant: Tenant, facts: WhyFacts[], now: Date): Promise<WhyFacts[]> {
  const asks = facts.flatMap(({ automation, entry, events }) =>
    events.flatMap((event) => {
      const { trigger, audience } = versionAt(entry.history, event.receivedAt)?.trigger ?? {
        trigger: null,
        audience: null,
      };
      const asked = [trigger?.where ?? null, audience].filter((condition) => condition !== null);
      const { receivedAt: at } = event;
      return asked
        .flatMap(performedQueries)
        .map((query) => ({ ref: `${automation.id} ${event.id}`, profileId: entry.person.id, query, at }));
    }),
  );
  if (asks.length === 0) return facts;
  const counts = await countPerformed(db, tenant, asks, now);
  return facts.map((one) => ({
    ...one,
    entry: {
      ...one.entry,
      performed: new Map(
        one.events.map(({ id }) => [id, counts.get(`${one.automation.id} ${id}`) ?? new Map<string, number>()]),
      ),
    },
  }));
}
