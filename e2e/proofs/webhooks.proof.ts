import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { db } from "../../lib/db";
import { sweepPendingNews } from "../../lib/sends";
import { record } from "./figures";
import { eventsOf, personOf } from "./intake";
import { type Accepted, type Call, type Expected, newsOf } from "./news";
import { postNews } from "./post-news";
import { proofScale } from "./scale";
import { openStage, type Stage } from "./stage";

const scale = proofScale();
const people = scale.full ? 3_000 : 400;
const atOnce = 24;

test("news of every type, repeated, reordered, dropped, before, during and after the settlement of its send, from three processes, ends as the model says", {
  timeout: scale.timeoutMs,
}, async () => {
  const startedMs = performance.now();
  const stage = await openStage({ name: "webhooks" });
  try {
    await Promise.all([stage.startWeb(), stage.startWeb(), stage.startWeb()]);
    await stage.startWorker();
    // A third of the answers come late or never, so that news overtakes the settlement, or is all there is.
    await stage.provider.addFault({ action: "latency", path: "/email*", probability: 0.4, minMs: 100, maxMs: 900 });
    await stage.provider.addFault({ action: "resetAfterAccept", probability: 0.25 });
    const posting = enterPeople(stage);
    const { expected, calls, refused } = await reportAll(stage, posting);
    const faults = await stage.provider.fired();
    await stage.provider.clearFaults();
    await stage.settled(60_000);
    await sweepNow(stage);
    const wrong = await differences(stage, expected);
    record({
      proof: "webhooks",
      seed: stage.seed,
      full: scale.full,
      emails: expected.size,
      kills: 0,
      stops: 0,
      faults,
      lost: wrong.length,
      doubled: 0,
      longestRecoveryMs: null,
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      calls,
      refused: refused.length,
    });
    expect(refused).toEqual([]);
    expect(expected.size).toBe(people);
    expect(wrong.slice(0, 10)).toEqual([]);
  } finally {
    await stage.close();
  }
});

async function enterPeople({ intake, seed }: Stage): Promise<void> {
  for (let from = 0; from < people; from += 8) {
    const some = Array.from({ length: 8 }, (_, number) => personOf(seed, from + number));
    await intake.deliver(some.flatMap((person) => eventsOf(person, "signed_up")));
    await wait(40);
  }
}

/** Watches what the provider takes, and reports on each message at once or later, in any order, until all have been reported on. */
async function reportAll(stage: Stage, posting: Promise<void>) {
  const expected = new Map<string, Expected>();
  const refused: string[] = [];
  const waiting: Call[] = [];
  let [calls, seen, posted] = [0, 0, false];
  const entering = posting.then(() => {
    posted = true;
  });
  const reporter = async () => {
    while (!posted || seen < people || waiting.length > 0) {
      // From anywhere in the line: what came first is not told first.
      const [call] = waiting.splice(Math.floor(stage.chance.next() * waiting.length), 1);
      if (call === undefined) {
        await wait(20);
        continue;
      }
      calls += 1;
      const problem = await postNews(stage, call.body);
      if (problem !== null) refused.push(problem);
      if (call.times > 1) waiting.push({ ...call, times: call.times - 1 });
    }
  };
  const watcher = async () => {
    for (const limit = performance.now() + 240_000; seen < people && performance.now() < limit; await wait(50)) {
      const taken = await stage.provider.accepted();
      for (const { acceptedAtMs, ...message } of taken.slice(seen)) {
        const accepted: Accepted = {
          ...message,
          stream: "broadcast",
          acceptedAt: new Date(acceptedAtMs).toISOString(),
        };
        const { calls: about, expected: end } = newsOf(accepted, stage.chance);
        expected.set(message.metadata.send_id ?? message.id, end);
        waiting.push(...about);
      }
      seen = taken.length;
    }
    if (seen < people) throw new Error(`only ${seen} of ${people} mails were taken`);
  };
  await Promise.all([entering, watcher(), ...Array.from({ length: atOnce }, reporter)]);
  return { expected, refused, calls };
}

/** What came between a send's settlement and its look for kept news is swept a minute later: here at once. */
async function sweepNow({ workspaceId }: Stage): Promise<void> {
  await db.sql("update pending_news set due_at = now() where workspace_id = $1 and due_at is not null", [workspaceId]);
  await sweepPendingNews(db, { limit: 100_000 });
  const [row] = await db.sql<{ n: number }>("select count(*)::int as n from pending_news where workspace_id = $1", [
    workspaceId,
  ]);
  if (row?.n !== 0) throw new Error(`${row?.n} pieces of news were never applied`);
}

type Row = Record<keyof Expected, unknown> & { id: string };

async function differences({ workspaceId }: Stage, expected: ReadonlyMap<string, Expected>): Promise<string[]> {
  const rows = await db.sql<Row>(
    `select s.id::text, s.status, s.opens, s.clicks, s.delivered_at as "deliveredAt", s.bounced_at as "bouncedAt",
       s.complained_at as "complainedAt", s.opened_at as "openedAt", s.clicked_at as "clickedAt",
       exists (select from suppressions u where u.workspace_id = $1 and u.email = lower(s.to_email) and u.active) as suppressed
     from sends s where s.workspace_id = $1`,
    [workspaceId],
  );
  const wrong: string[] = [];
  for (const { id, ...row } of rows) {
    const wanted = expected.get(id);
    const found = Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value]),
    );
    for (const [key, value] of Object.entries(wanted ?? { status: "nothing at all" }))
      if (found[key] !== value) wrong.push(`${id}: ${key} is ${String(found[key])}, not ${String(value)}`);
  }
  return wrong;
}
