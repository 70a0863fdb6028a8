import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { campaign, figuresOf, recoveryMsMax } from "./campaign";
import { record } from "./figures";
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
 * One process, at a random moment: dead, or frozen for longer than any lease it may hold. Now and then all die at once; else one is left
 * to go on with what the others held.
 */
async function strike(stage: Stage, thaws: Promise<void>[]): Promise<void> {
  if (stage.chance.next() < 0.04) for (const subject of stage.subjects) subject.kill();
  const [server] = stage.subjects;
  const anyone = await stage.anyUp({ spared: 1 });
  const subject = server?.up && stage.chance.next() < 0.3 ? server : anyone;
  if (stage.chance.next() < 0.6) {
    if (server === undefined || subject !== server || stage.intake.atNextAnswer) return subject.kill();
    // The server dies in the moment when it has acknowledged something: too early for anything that it might have put off.
    stage.intake.atNextAnswer = () => server.kill();
    return;
  }
  const frozenMs = stage.chance.between(leaseMs + 500, leaseMs + 3_000);
  subject.stop();
  thaws.push(wait(frozenMs).then(() => subject.cont()));
}
