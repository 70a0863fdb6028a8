import { setTimeout as wait } from "node:timers/promises";
import { db } from "../../lib/db";
import { eventsOf, type Person, personOf } from "./intake";
import type { Ledger } from "./ledger";
import { proofScale } from "./scale";
import { leaseMs, type Stage } from "./stage";

export type CampaignOptions = {
  people: number;
  event?: string;
  /** How often `strike` is called, spread evenly over the posting of all events. */
  strikes: number;
  /** One blow; what it must undo later it may leave running and give in `after`. */
  strike: (number: number) => void | Promise<void>;
  /** Between two blows, milliseconds. */
  pauseMs: { min: number; max: number };
  /** After the last blow: what puts everything right again. */
  after?: () => void | Promise<void>;
  settleWithinMs: number;
};
export type CampaignResult = {
  ledger: Ledger;
  people: readonly Person[];
  /** The longest time without a mail while there was work and some process lived to do it: no blow was recovered from more slowly. */
  longestRecoveryMs: number;
  /** From the last blow until nothing was left to do. */
  settledAfterMs: number;
  /** How many blows found each kind of work under way. */
  fellInto: Record<string, number>;
  seconds: number;
};

const postersAtOnce = 6;
const peoplePerRequestMax = 25;

/** Events are posted all the while blows fall; then everything is left alone until it has settled, and the books are compared. */
export async function campaign(stage: Stage, options: CampaignOptions): Promise<CampaignResult> {
  const beganMs = performance.now();
  const people = Array.from({ length: options.people }, (_, number) => personOf(stage.seed, number));
  const watch = watchWork(stage);
  const busy = new Map<string, number>();
  try {
    const progress = { struck: 0, failed: false };
    const posting = post(stage, people, { ...options, progress });
    // A poster that gives up must not leave the blows going on alone.
    posting.catch(() => {
      progress.failed = true;
    });
    while (progress.struck < options.strikes && !progress.failed) {
      await untilMoreIsTaken(stage);
      await wait(stage.chance.between(options.pauseMs.min, options.pauseMs.max));
      for (const what of await busyWith(stage)) busy.set(what, (busy.get(what) ?? 0) + 1);
      progress.struck += 1;
      await options.strike(progress.struck - 1);
    }
    await options.after?.();
    await posting;
    const calmMs = performance.now();
    await stage.settled(options.settleWithinMs);
    const settledAfterMs = performance.now() - calmMs;
    const taken = await stage.provider.accepted();
    return {
      ledger: await stage.ledger(people),
      people,
      longestRecoveryMs: longestGap(
        taken.map(({ acceptedAtMs }) => acceptedAtMs),
        watch.pausedAtMs,
      ),
      settledAfterMs: Math.round(settledAfterMs),
      fellInto: Object.fromEntries(busy),
      seconds: Math.round((performance.now() - beganMs) / 1_000),
    };
  } finally {
    await watch.end();
  }
}

/** What every such proof has to show, and how often an email needed more than one attempt. */
export async function figuresOf(
  stage: Stage,
  { ledger, longestRecoveryMs, seconds, settledAfterMs, fellInto }: CampaignResult,
) {
  const [attempts] = await db.sql<{ again: number; absent: number; most: number }>(
    `select count(*) filter (where number > 1)::int as again, count(*) filter (where outcome = 'absent')::int as absent,
       max(number) as most from send_attempts where workspace_id = $1`,
    [stage.workspaceId],
  );
  return {
    seed: stage.seed,
    full: proofScale().full,
    emails: ledger.emails,
    kills: stage.subjects.reduce((sum, { kills }) => sum + kills, 0),
    stops: stage.subjects.reduce((sum, { stops }) => sum + stops, 0),
    faults: 0,
    lost: ledger.lost.length,
    doubled: ledger.doubled.length,
    longestRecoveryMs,
    seconds,
    settledAfterMs,
    fellInto,
    answers: stage.intake.summary(),
    attempts,
    slowestStartMs: slowestStartMs(stage),
    troubles: Object.fromEntries(stage.troubles().slice(0, 12)),
  };
}

/** Within which work has to go on after a blow: a lease, and for the rest what this machine takes for what usually takes a second. */
export const recoveryMsMax = (stage: Stage): number => leaseMs + 3_000 + 2 * slowestStartMs(stage);
const slowestStartMs = ({ subjects }: Stage) => Math.round(Math.max(0, ...subjects.flatMap(({ startMs }) => startMs)));

const standsStillMsMax = 10_000;

/** A blow at processes that have not come to their work yet proves little: something has to have left since the last one. */
async function untilMoreIsTaken({ provider }: Stage): Promise<void> {
  const before = (await provider.accepted()).length;
  for (const limit = performance.now() + standsStillMsMax; performance.now() < limit; await wait(50))
    if ((await provider.accepted()).length > before) return;
}

/** Posts everybody, a few requests at once, but never more than the blows so far have earned: each blow falls among requests. */
async function post(
  stage: Stage,
  people: readonly Person[],
  { event = "signed_up", strikes, progress }: CampaignOptions & { progress: { struck: number; failed: boolean } },
): Promise<void> {
  let posted = 0;
  const poster = async () => {
    while (posted < people.length && !progress.failed) {
      const earned = (people.length * (progress.struck + 1)) / (strikes + 1);
      if (posted >= earned) {
        await wait(10);
        continue;
      }
      const some = people.slice(posted, posted + stage.chance.between(1, peoplePerRequestMax));
      posted += some.length;
      await stage.intake.deliver(some.flatMap((person) => eventsOf(person, event)));
    }
  };
  await Promise.all(Array.from({ length: postersAtOnce }, poster));
}

/** Notes the moments when there was nothing to do, when nobody lived to do it, or when the database could not say. */
function watchWork({ workspaceId, subjects }: Stage) {
  const pausedAtMs: number[] = [];
  let over = false;
  const watching = (async () => {
    for (; !over; await wait(100)) {
      const works = subjects.some((subject) => subject.up);
      const busy = works && (await isBusy(workspaceId).catch(() => false)); // the database is away: a proof's doing
      if (!busy) pausedAtMs.push(Date.now());
    }
  })();
  return {
    pausedAtMs,
    end: () => {
      over = true;
      return watching;
    },
  };
}

/**
 * Whether something is due, or will be as soon as the lease of whoever may have died has lapsed. What waits because the provider is to be
 * spared is not.
 */
async function isBusy(workspaceId: string): Promise<boolean> {
  const [row] = await db.sql<{ busy: boolean }>(
    `with soon as materialized (select now() + $2::int * interval '1 millisecond' as at)
     select exists (select from enrollments, soon where workspace_id = $1 and due_at <= soon.at)
       or exists (select from sends s join send_lanes l using (workspace_id, connection_id, message_stream), soon where s.workspace_id = $1
         and s.status in ('queued', 'sending', 'unknown') and s.due_at <= soon.at and coalesce(l.not_before <= soon.at, true)) as busy`,
    [workspaceId, leaseMs],
  );
  return row?.busy === true;
}

/** What is going on just now; nothing that is known, while the database is away. */
async function busyWith({ workspaceId, intake }: Stage): Promise<string[]> {
  const leased = "workspace_id = $1 and lease_token is not null and due_at > now()";
  const sql = `select exists (select from enrollments where ${leased}) as advance,
    exists (select from sends where ${leased} and status = 'sending') as deliver,
    exists (select from sends where ${leased} and status = 'unknown') as "lookUp"`;
  const [row] = await db.sql<Record<string, boolean>>(sql, [workspaceId]).catch(() => []);
  return Object.entries({ ...row, intake: intake.underWay > 0 }).flatMap(([what, is]) => (is ? [what] : []));
}

/** Between one mail and the next, or since there was something to do again and somebody to do it. */
function longestGap(takenAtMs: readonly number[], pausedAtMs: readonly number[]): number {
  const marks = [...takenAtMs, ...pausedAtMs].sort((one, other) => one - other);
  return marks.reduce((longest, atMs, index) => Math.max(longest, atMs - (marks[index - 1] ?? atMs)), 0);
}
