import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { campaign, figuresOf } from "./campaign";
import { lockInOddOrders } from "./disturbers";
import { record } from "./figures";
import { journey, mailsPerPerson } from "./journey";
import { type OwnDatabase, ownDatabase } from "./own-database";
import { type Chance, chanceOf, proofScale } from "./scale";
import { openStage, type Stage } from "./stage";
import { startWire, type Wire } from "./wire";

const scale = proofScale();
/** Instead of the usual minute. */
const silenceMsMax = 3_000;

test("whatever the database does, what was acknowledged is kept, nothing is sent twice, clients are told 503, and all goes on by itself", {
  timeout: scale.timeoutMs,
}, async () => {
  const chance = chanceOf(scale.seed + 1);
  const database = await ownDatabase();
  const wire = await startWire(database.port, chance);
  const viaWire = Object.assign(new URL(database.url), { port: String(wire.port) }).href;
  const stage = await openStage({
    name: "database",
    ...journey,
    databaseUrl: database.url,
    env: { DATABASE_URL: viaWire, DATABASE_TIMEOUT_MS: String(silenceMsMax) },
    answerWithinMs: 30_000,
  });
  const struck = new Map<string, number>();
  let others: ReturnType<typeof watchOthers> | undefined;
  try {
    await database.setDefault("deadlock_timeout", "100ms");
    await Promise.all([stage.startWeb(), stage.startWeb(), stage.startWorker(), stage.startWorker()]);
    others = watchOthers(stage);
    const troubles = troublesOf({ database, wire, stage, chance });
    const result = await campaign(stage, {
      people: scale.emails / mailsPerPerson,
      // Each takes a few seconds.
      strikes: scale.full ? 60 : 10,
      pauseMs: { min: 300, max: 1_200 },
      strike: async (number) => {
        const [name, trouble] = troubles[number % troubles.length] ?? [];
        if (name === undefined || trouble === undefined) throw new Error("there is no trouble");
        await trouble();
        struck.set(name, (struck.get(name) ?? 0) + 1);
      },
      settleWithinMs: 200_000,
    });
    const faults = [...struck.values()].reduce((sum, times) => sum + times, 0);
    record({ proof: "database", ...(await figuresOf(stage, result)), faults, struck: Object.fromEntries(struck) });
    expect(result.ledger).toMatchObject({ lost: [], doubled: [], strange: [], emails: scale.emails });
    expect(stage.intake.wrong).toEqual([]);
    expect(await others.end(), "answers to others than the intake client").toEqual([]);
    expect(stage.intake.answers.get("slow") ?? 0, "clients who were told nothing").toBe(0);
    expect(stage.subjects.map(({ starts }) => starts)).toEqual(stage.subjects.map(() => 1));
  } finally {
    await others?.end();
    wire.unclog();
    await stage.close();
    await wire.close();
    await database.close();
  }
});

/** Those whose keys are looked up each time get their answer, or that nobody can say just now; so does whoever looks after the servers. */
function watchOthers({ urls, chance, key, workspaceId }: Stage) {
  const wrong: string[] = [];
  const stranger = { authorization: "Bearer gflux_secret_live_nobody-knows-this-key" };
  const customer = { authorization: `Bearer ${key}` };
  const callers = [
    { path: "/v1/events", init: { method: "POST", body: "{}", headers: stranger }, fine: 401 },
    { path: `/v1/projects/${workspaceId}/sends?limit=1`, init: { headers: customer }, fine: 200 },
    { path: "/api/ready", init: {}, fine: 200 },
    { path: "/api/health", init: {}, fine: 200 },
  ];
  let over = false;
  const watching = (async () => {
    for (; !over; await wait(100)) {
      const { path, init, fine } = chance.pick(callers);
      const answer = await fetch(chance.pick(urls()) + path, { ...init, signal: AbortSignal.timeout(30_000) }).catch(
        String,
      );
      if (typeof answer === "string") wrong.push(`${path}: ${answer}`);
      else {
        const text = await answer.text();
        if (answer.status !== fine && answer.status !== 503)
          wrong.push(`${path}: ${answer.status} ${text.slice(0, 200)}`);
      }
    }
  })();
  return {
    async end(): Promise<string[]> {
      over = true;
      await watching;
      return wrong;
    },
  };
}

type Means = { database: OwnDatabase; wire: Wire; stage: Stage; chance: Chance };

/** Each kind of trouble, the one as often as the other. */
function troublesOf({ database, wire, stage, chance }: Means): (readonly [string, () => Promise<unknown>])[] {
  const disturb = () => lockInOddOrders(database.url, { workspaceId: stage.workspaceId, chance, atOnce: 3, rounds: 4 });
  /** Connections opened from now on have the setting, so all have to be. */
  const underSetting = async (name: string, value: string, forMs: number) => {
    await database.setDefault(name, value);
    await database.terminate(1);
    await Promise.all([wait(forMs), disturb()]);
    await database.setDefault(name, null);
    await database.terminate(1);
  };
  return [
    ["connections ended by the server", () => database.terminate(chance.pick([0.2, 0.5, 1]))],
    ["connections reset", async () => wire.cut(chance.pick([0.2, 0.5, 1]))],
    ["locks in odd orders", disturb],
    ["restart", () => database.restart({ mode: "fast", downMs: chance.between(0, 1_500) })],
    [
      "nothing passes for a while",
      async () => {
        wire.clog();
        await wait(chance.between(500, silenceMsMax));
        wire.unclog();
      },
    ],
    ["statement timeouts", () => underSetting("statement_timeout", `${chance.between(3, 40)}ms`, 1_500)],
    [
      "crash",
      async () => {
        // In the moment when something was acknowledged: it has to be on disk by then.
        await stage.intake.nextAnswer(5_000);
        await database.restart({ mode: "immediate", downMs: chance.between(0, 1_000) });
      },
    ],
    ["serializable transactions", () => underSetting("default_transaction_isolation", "serializable", 1_500)],
    [
      "nothing passes, and nobody says so",
      async () => {
        wire.clog();
        await wait(silenceMsMax + chance.between(500, 3_000));
        wire.forget(3 * silenceMsMax);
      },
    ],
    ["lock timeouts", () => underSetting("lock_timeout", "5ms", 1_500)],
  ];
}
