import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { db } from "../../lib/db";
import { campaign, figuresOf, recoveryMsMax } from "./campaign";
import { record } from "./figures";
import type { Subject } from "./fleet";
import { journey, mailsPerPerson } from "./journey";
import { proofScale } from "./scale";
import { leaseMs, openStage, type Stage } from "./stage";

const scale = proofScale();

test("processes that are killed and frozen at random lose nothing that was acknowledged, send nothing twice, and go on within a lease", {
  timeout: scale.timeoutMs,
}, async () => {
  const stage = await openStage({ name: "process", ...journey });
  try {
    await stage.startWeb();
    await Promise.all([stage.startWorker(), stage.startWorker()]);
    // Calls and searches take a while, so that blows fall into them; some answers are lost, so that there is always something to look up.
    await stage.provider.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 3 });
    await stage.provider.addFault({ action: "resetAfterAccept", path: "/email/batch", probability: 0.1 });
    await stage.provider.addFault({ action: "latency", path: "/email/batch", minMs: 50, maxMs: 500 });
    await stage.provider.addFault({ action: "latency", path: "/messages/outbound", minMs: 10, maxMs: 300 });
    const thaws: Promise<void>[] = [];
    let faults = 0;
    const result = await campaign(stage, {
      people: scale.emails / mailsPerPerson,
      strikes: Math.ceil(scale.kills * 1.1),
      pauseMs: { min: 200, max: 1_800 },
      strike: () => strike(stage, thaws),
      after: async () => {
        await Promise.all(thaws);
        faults = await stage.provider.fired();
        await stage.provider.clearFaults();
      },
      settleWithinMs: 200_000,
    });
    const figures = { proof: "process", ...(await figuresOf(stage, result)), faults };
    record(figures);
    expect(result.ledger).toMatchObject({ lost: [], doubled: [], strange: [], emails: scale.emails });
    expect(stage.intake.wrong).toEqual([]);
    const { kills, stops } = figures;
    expect(kills + stops).toBeGreaterThanOrEqual(scale.kills);
    expect(result.longestRecoveryMs).toBeLessThan(recoveryMsMax(stage));
  } finally {
    await stage.close();
  }
});

/**
 * At a random moment a process dies, or is frozen for longer than any lease it may hold. Now and then all die at once; else one is left to
 * go on with what the others held.
 */
async function strike(stage: Stage, thaws: Promise<void>[]): Promise<void> {
  const { chance, intake, subjects } = stage;
  if (chance.next() < 0.04) for (const subject of subjects) subject.kill();
  const [server] = subjects;
  const anyone = await stage.anyUp({ spared: 1 });
  const subject = server?.up && chance.next() < 0.3 ? server : anyone;
  if (chance.next() < 0.6) {
    if (server === undefined || subject !== server || intake.atNextAnswer) return subject.kill();
    // The server dies in the moment when it has acknowledged something: too early for anything that it might have put off.
    intake.atNextAnswer = () => server.kill();
    return;
  }
  if (chance.next() < 0.5) return freeze(stage, [subject], thaws);
  // Between taking emails over and handing them to the provider: whoever it was, but for one.
  await aClaim(stage);
  const [, ...most] = subjects.filter(({ up }) => up).sort(() => chance.next() - 0.5);
  return freeze(stage, most, thaws);
}

function freeze({ chance }: Stage, frozen: readonly Subject[], thaws: Promise<void>[]): void {
  for (const subject of frozen) {
    subject.stop();
    thaws.push(wait(chance.between(leaseMs + 500, leaseMs + 4_000)).then(() => subject.cont()));
  }
}

const claimWithinMs = 3_000;
const freshMs = 15;

/** Waits until a lease has begun just now; for a while only, because nothing may be due. */
async function aClaim({ workspaceId }: Stage): Promise<void> {
  const sql = `select exists (select from sends where workspace_id = $1 and status = 'sending'
    and due_at > now() + $2::int * interval '1 millisecond') as fresh`;
  for (const limit = performance.now() + claimWithinMs; performance.now() < limit; ) {
    const [row] = await db.sql<{ fresh: boolean }>(sql, [workspaceId, leaseMs - freshMs]);
    if (row?.fresh) return;
  }
}
