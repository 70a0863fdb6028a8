import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { campaign, figuresOf, recoveryMsMax } from "./campaign";
import { record } from "./figures";
import { journey, mailsPerPerson, pauseSeconds } from "./journey";
import { proofScale } from "./scale";
import { leaseMs, openStage, type Stage } from "./stage";

const scale = proofScale();
const clockAheadMs = 120_000;
/** What an answer that was lost takes away at most: the wait counts from the attempt's beginning then. */
const foundLateMs = 2_000;

test("two servers, three workers (one two minutes ahead) and any number of cron calls share the work: nothing lost, nothing twice, no wait cut short", {
  timeout: scale.timeoutMs,
}, async () => {
  const stage = await openStage({ name: "many", ...journey });
  const cron = callCron(stage);
  try {
    await Promise.all([
      stage.startWeb(),
      stage.startWeb(),
      stage.startWorker(),
      stage.startWorker(),
      stage.startWorker({ PROOF_CLOCK_AHEAD_MS: String(clockAheadMs) }),
    ]);
    await stage.provider.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 3 });
    await stage.provider.addFault({ action: "resetAfterAccept", path: "/email/batch", probability: 0.1 });
    await stage.provider.addFault({ action: "latency", path: "/email/batch", minMs: 50, maxMs: 500 });
    const thaws: Promise<void>[] = [];
    let faults = 0;
    const result = await campaign(stage, {
      people: scale.emails / mailsPerPerson,
      strikes: scale.kills / 2,
      pauseMs: { min: 500, max: 2_500 },
      strike: () => strike(stage, thaws),
      after: async () => {
        await Promise.all(thaws);
        faults = await stage.provider.fired();
        await stage.provider.clearFaults();
      },
      settleWithinMs: 200_000,
    });
    await cron.end();
    const shortestWaitMs = await shortestWait(stage);
    record({
      proof: "many",
      ...(await figuresOf(stage, result)),
      faults,
      shortestWaitMs,
      cronAnswers: Object.fromEntries(cron.answers),
    });
    expect(result.ledger).toMatchObject({ lost: [], doubled: [], strange: [], emails: scale.emails });
    expect(stage.intake.wrong).toEqual([]);
    expect(cron.wrong).toEqual([]);
    expect(cron.answers.get("200")).toBeGreaterThan(scale.kills);
    expect(shortestWaitMs).toBeGreaterThan(pauseSeconds * 1_000 - foundLateMs);
    expect(result.longestRecoveryMs).toBeLessThan(recoveryMsMax(stage));
  } finally {
    await cron.end();
    await stage.close();
  }
});

async function strike(stage: Stage, thaws: Promise<void>[]): Promise<void> {
  const subject = await stage.anyUp({ spared: 2 });
  if (stage.chance.next() < 0.7) return subject.kill();
  subject.stop();
  thaws.push(wait(stage.chance.between(leaseMs + 500, leaseMs + 2_000)).then(() => subject.cont()));
}

const cronAtOnceMax = 6;

/** A cron service that never waits for its last call: several passes at once, on any server. */
function callCron({ urls, env, chance }: Stage) {
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  let over = false;
  const call = async () => {
    const url = chance.pick(urls());
    // Whoever is killed may have begun to answer.
    const outcome = await fetch(`${url}/api/cron/dispatch?budget_ms=400`, {
      headers: { authorization: `Bearer ${env.CRON_SECRET}` },
      signal: AbortSignal.timeout(10_000),
    })
      .then(async (answer) => {
        const text = await answer.text();
        if (answer.status !== 200 && answer.status !== 503) wrong.push(`${answer.status} ${text.slice(0, 200)}`);
        return String(answer.status);
      })
      .catch(() => "cut");
    answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
  };
  const calling = (async () => {
    for (; !over; await wait(300)) {
      if (urls().length === 0) continue;
      await Promise.all(Array.from({ length: chance.between(1, cronAtOnceMax) }, call));
    }
  })();
  return {
    answers,
    wrong,
    end: () => {
      over = true;
      return calling;
    },
  };
}

/** Between a person's first mail and their second, as the provider took them. */
async function shortestWait({ provider }: Stage): Promise<number> {
  const firstAtMs = new Map<string, number>();
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const { to, acceptedAtMs } of await provider.accepted()) {
    const atMs = firstAtMs.get(to);
    if (atMs === undefined) firstAtMs.set(to, acceptedAtMs);
    else shortestMs = Math.min(shortestMs, acceptedAtMs - atMs);
  }
  return shortestMs;
}
