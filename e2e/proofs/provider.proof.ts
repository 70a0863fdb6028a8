import { setTimeout as wait } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { db } from "../../lib/db";
import { sendTest } from "../../lib/dispatch";
import { AppError } from "../../lib/errors";
import { record } from "./figures";
import { atMost, compare, type FaultReport, openOf, openPlace, type Place, until, type Verdict } from "./place";
import { proofScale } from "./scale";
import { openStage } from "./stage";
import { mixture, type Trouble, troubles } from "./troubles";

const scale = proofScale();
const emailsEach = scale.emailsPerFault;
/** Sent by hand, through /email. */
const testsEach = scale.full ? 500 : 6;
const mixed = scale.full ? 5_000 : 400;
const blindMs = scale.full ? 120_000 : 5_000;
const settleWithinMs = scale.full ? 300_000 : 100_000;
const lagMs = 500;

/** Of this process, which has a database pool to share. */
const turn = atMost(3);

type Result = Verdict & { name: string; faults: number; wrong: string[]; recoveryMs: number };

test("whatever goes wrong at the provider, each email is accepted exactly once, and nobody is left in the dark", {
  timeout: scale.timeoutMs,
}, async () => {
  const beganMs = performance.now();
  // Leases are short here and the machine is busy: that one was lost is no mistake, and is said.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const stage = await openStage({
    name: "provider",
    sandbox: { indexLagMs: 200 },
    env: { POSTMARK_SEARCH_LAG_MS: String(lagMs), DATABASE_POOL_MAX: "12" },
  });
  try {
    await Promise.all([stage.startWorker(), stage.startWorker()]);
    const places: Place[] = [];
    for (const { name } of troubles) places.push(await openPlace(stage, name));
    const mixedPlace = await openPlace(stage, "mixed");
    const results = await Promise.all([
      ...troubles.map((trouble, index) => proveOne(places[index] ?? mixedPlace, trouble)),
      proveAllAtOnce(mixedPlace),
    ]);
    const all = <T>(of: (result: Result) => readonly T[]): T[] => results.flatMap(of);
    record({
      proof: "provider",
      seed: stage.seed,
      full: scale.full,
      emails: results.reduce((sum, { emails }) => sum + emails, 0),
      kills: 0,
      stops: 0,
      faults: results.reduce((sum, { faults }) => sum + faults, 0),
      lost: all(({ lost }) => lost).length,
      doubled: all(({ doubled }) => doubled).length,
      longestRecoveryMs: Math.max(...results.map(({ recoveryMs }) => recoveryMs)),
      seconds: Math.round((performance.now() - beganMs) / 1_000),
      slowest: results.toSorted((a, b) => b.recoveryMs - a.recoveryMs)[0]?.name,
    });
    expect(all(({ wrong, lost, doubled, strange }) => [...wrong, ...lost, ...doubled, ...strange])).toEqual([]);
  } finally {
    await stage.close();
  }
});

const emailsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, number) => `${name.replaceAll(/\W+/g, "-").toLowerCase()}-${number}@example.com`);

/** One trouble on a server of its own: it strikes the first calls all, and then some. */
async function proveOne(place: Place, trouble: Trouble): Promise<Result> {
  const { server } = place;
  for (const path of ["/email/batch", "/email"]) {
    const to = path === "/email" ? "test-*" : undefined; // not the probes: see lib/dispatch/reconcile.db.test.ts
    const rule = { ...trouble.fault, path, recipient: trouble.poison ?? to };
    // As long as nobody can know, every call is struck; what is lost stays lost.
    if (trouble.poison || trouble.blind) await server.addFault(rule);
    else {
      await server.addFault({ ...rule, count: path === "/email" ? testsEach : Math.ceil(emailsEach / 200) });
      if (scale.full) await server.addFault({ ...rule, probability: 0.25, count: 2 });
    }
  }
  if (trouble.settings) await server.settings(trouble.settings);
  if (trouble.blind && trouble.blind !== "settings") await server.addFault(trouble.blind);
  const emails = emailsOf(trouble.name, emailsEach);
  const wrong: string[] = [];
  await turn(async () => {
    await place.enroll(trouble.poison ? [...emails.slice(1), trouble.poison] : emails);
    await sendTests(place, testsEach, trouble.poison);
  });
  if (trouble.blind) wrong.push(...(await stayBlind(place)));
  const whileBlind = await firedOf(place);
  if (trouble.blind) {
    await server.clearFaults();
    await server.settings({ accountPaused: false });
  }
  const overMs = performance.now();
  wrong.push(...(await untilSettled(place, emailsEach)));
  const { faults, never, followed } = trouble.blind ? whileBlind : await firedOf(place);
  if (never.length > 0) wrong.push(`${place.name}: faults that never struck: ${JSON.stringify(never)}`);
  if (followed > 0) wrong.push(`${place.name}: ${followed} redirects were followed`);
  const expected = emailsEach;
  const verdict = await compare(place, await server.accepted(), { expected });
  const sent = (await place.statuses()).sent ?? 0;
  if (sent !== expected - (trouble.poison ? 1 : 0)) wrong.push(`${place.name}: ${sent} of ${expected} were sent`);
  return { ...verdict, name: place.name, faults, wrong, recoveryMs: Math.round(performance.now() - overMs) };
}

/** Every trouble at once: many calls with something wrong, for as long as there is anything to send. */
async function proveAllAtOnce(place: Place): Promise<Result> {
  for (const rule of mixture(0.02)) await place.server.addFault(rule);
  await place.server.settings({ indexLagMs: 400 });
  const emails = emailsOf("mixed", mixed);
  // Few at a time, so that there are many calls.
  for (let from = 0; from < mixed; from += 20) {
    await place.enroll(emails.slice(from, from + 20));
    await wait(scale.full ? 100 : 150);
  }
  await sendTests(place, testsEach);
  const { faults } = await firedOf(place);
  const overMs = performance.now();
  await place.server.clearFaults();
  const wrong = await untilSettled(place, mixed);
  const verdict = await compare(place, await place.server.accepted(), { expected: mixed });
  const sent = (await place.statuses()).sent ?? 0;
  if (sent !== mixed) wrong.push(`mixed: ${sent} of ${mixed} were sent`);
  return { ...verdict, name: place.name, faults, wrong, recoveryMs: Math.round(performance.now() - overMs) };
}

/** One message each through /email; what is refused says so, and what got no answer is looked up. */
async function sendTests(place: Place, count: number, poison?: string): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const sender = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift())
      await sendOne(place, (number === 0 && poison) || `test-${number}@example.com`);
  };
  // A few, because each that got no answer is a look-up of its own: more would measure how many of those fit into the time.
  await Promise.all([sender(), sender(), sender(), sender()]);
}

/** Again when this busy machine did not come to the call in time, or was told to come back. */
async function sendOne({ actor, connectionId }: Place, to: string): Promise<void> {
  for (let tries = 1; tries <= 3; tries += 1) {
    try {
      await sendTest(actor, { id: connectionId, to });
      return;
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "provider_rejected") throw thrown;
      if (thrown.extras.provider?.code !== "unreachable") return;
    }
  }
}

async function firedOf({ server }: Place): Promise<{ faults: number; never: FaultReport[]; followed: number }> {
  const reports = await server.faults();
  return {
    faults: reports.reduce((sum, { fired }) => sum + fired, 0),
    // The first ones of each path; the others may have had nothing to strike.
    never: reports.filter(({ fired, rule }) => fired === 0 && rule.probability === undefined),
    followed: reports.reduce((sum, { followed }) => sum + followed, 0),
  };
}

/**
 * While nobody can know, everything that was sent is unknown, and nothing of it is sent again. The breaker lets the rest out by and by, for
 * the first time.
 */
async function stayBlind({ name, workspaceId, statuses }: Place): Promise<string[]> {
  const open = async () => {
    const { queued = 0, sending = 0, unknown = 0 } = await statuses();
    return unknown > 0 && queued + sending + unknown === emailsEach;
  };
  const reached = await until(open, settleWithinMs);
  await wait(blindMs);
  const left = JSON.stringify(await statuses());
  const again = await db.sql(
    `select from send_attempts where workspace_id = $1 group by send_id
     having count(*) filter (where outcome is distinct from 'not_sent') > 1 or bool_or(outcome = 'absent')`,
    [workspaceId],
  );
  return [
    ...(reached && (await open()) ? [] : [`${name}: while the search was blind there was ${left}`]),
    ...(again.length === 0 ? [] : [`${name}: ${again.length} were sent again while the search was blind`]),
  ];
}

/** All that are to be there are there, and none of them is open: before the first of them is written nothing is open either. */
async function untilSettled(place: Place, expected: number): Promise<string[]> {
  const settled = async () => {
    const statuses = await place.statuses();
    return automationsIn(statuses) >= expected && openOf(statuses).length === 0;
  };
  if (await until(settled, settleWithinMs)) return [];
  const left = JSON.stringify(await place.statuses());
  return [`${place.name}: not settled after ${settleWithinMs} ms: ${left}`];
}

const automationsIn = (statuses: Readonly<Record<string, number>>) =>
  Object.entries(statuses).reduce((sum, [status, n]) => sum + (status.startsWith("test ") ? 0 : n), 0);
