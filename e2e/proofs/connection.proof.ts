import { setTimeout as wait } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { changeConnection, disableConnection, enableConnection, getConnection } from "../../lib/connections";
import { db } from "../../lib/db";
import { resumeSending, stopSending } from "../../lib/sends";
import { record } from "./figures";
import { addServer, compare, openOf, openPlace, type Place, until } from "./place";
import { chanceOf, proofScale } from "./scale";
import { openStage } from "./stage";

const scale = proofScale();
const emails = scale.full ? 4_000 : 400;
/** How long it is waited for mail in every state, at most: where there is none, the change is made all the same, and the figures say so. */
const stateWithinMs = scale.full ? 15_000 : 4_000;
const settleWithinMs = scale.full ? 300_000 : 100_000;
/** Then every call that had begun is over: begin within 1 s, a call of 1 s. */
const callsOverMs = 2_500;

type Server = Place["server"];

test("whatever is done to a connection while its mail is in every state: each email once, and nothing after it was stopped", {
  timeout: scale.timeoutMs,
}, async () => {
  const beganMs = performance.now();
  // Leases are short here and the machine is busy: that one was lost is no mistake, and is said.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const stage = await openStage({ name: "connection", sandbox: { indexLagMs: 200 } });
  try {
    await Promise.all([stage.startWorker(), stage.startWorker()]);
    const place = await openPlace(stage, "connection");
    const other = await addServer(stage);
    for (const server of [place.server, other]) await trouble(server);
    const load = underLoad(place);
    const seen: Record<string, unknown> = {};
    const wrong: string[] = [];
    let faults = 0;
    for (const [name, change] of changes(place, other)) {
      seen[name] = await inEveryState(place);
      // Its count goes with its rules, which moving back clears.
      if (name === "moved back") faults += await firedOn(other);
      wrong.push(...(await change()).map((what) => `${name}: ${what}`));
    }
    await load.end();
    faults += await firedOn(place.server);
    await place.server.clearFaults();
    const overMs = performance.now();
    wrong.push(...(await untilSettled(place)));
    const accepted = [...(await place.server.accepted()), ...(await other.accepted())];
    const verdict = await compare(place, accepted, { expected: load.enrolled() });
    const { status } = await getConnection(place.actor, { id: place.connectionId });
    if (status !== "ready") wrong.push(`the connection is ${status} in the end`);
    record({
      proof: "connection",
      seed: stage.seed,
      full: scale.full,
      emails: verdict.emails,
      kills: 0,
      stops: 0,
      faults,
      lost: verdict.lost.length,
      doubled: verdict.doubled.length,
      longestRecoveryMs: Math.round(performance.now() - overMs),
      seconds: Math.round((performance.now() - beganMs) / 1_000),
      changed: seen,
    });
    expect([...wrong, ...verdict.lost, ...verdict.doubled, ...verdict.strange]).toEqual([]);
    expect(verdict.emails).toBe(load.enrolled());
  } finally {
    await stage.close();
  }
});

/** Calls take a while, some answers are lost, some are put off: so there is mail in every state. */
async function trouble(server: Server): Promise<void> {
  await server.addFault({ action: "resetAfterAccept", path: "/email/batch", probability: 0.2 });
  await server.addFault({ action: "resetBeforeAccept", path: "/email/batch", probability: 0.1 });
  await server.addFault({
    action: "status",
    preset: "429",
    retryAfterSeconds: 1,
    path: "/email/batch",
    probability: 0.12,
  });
  await server.addFault({ action: "latency", path: "/email/batch", minMs: 50, maxMs: 400 });
}

const firedOn = async (server: Server) =>
  (await server.faults()).filter(({ rule }) => rule.action !== "latency").reduce((sum, { fired }) => sum + fired, 0);

/** People who come in one after another, until it is enough. */
function underLoad(place: Place) {
  const chance = chanceOf(scale.seed);
  let [enrolled, over] = [0, false];
  const coming = (async () => {
    while (!over || enrolled < emails) {
      const some = chance.between(5, 25);
      await place.enroll(Array.from({ length: some }, (_, number) => `person-${enrolled + number}@example.com`));
      enrolled += some;
      await wait(chance.between(100, 400));
    }
  })();
  return {
    enrolled: () => enrolled,
    end: () => {
      over = true;
      return coming;
    },
  };
}

/** Waits until there is mail in every state, and says how much. */
async function inEveryState({ statuses }: Place): Promise<Record<string, number>> {
  let now: Record<string, number> = {};
  await until(
    async () => {
      now = await statuses();
      return openOf(now).length === 3;
    },
    stateWithinMs,
    50,
  );
  return now;
}

type Change = () => Promise<string[]>;

const changes = (place: Place, other: Server): [string, Change][] => {
  const { actor, connectionId: id, server } = place;
  return [
    [
      "token rotated",
      async () => {
        const { token } = await server.control<{ token: string }>("POST", "/tokens", {});
        await changeConnection(actor, { id, server_token: token });
        await server.control("POST", "/tokens/revoke", { token: server.serverToken });
        await wait(callsOverMs);
        return (await getConnection(actor, { id })).status === "ready"
          ? []
          : ["the new token is blamed for the old one"];
      },
    ],
    [
      "stream changed",
      async () => {
        await server.control("POST", "/streams", { id: "news", type: "Broadcasts" });
        await other.control("POST", "/streams", { id: "news", type: "Broadcasts" });
        await changeConnection(actor, { id, message_stream: "news" });
        await wait(callsOverMs);
        const before = await onStream(server, "broadcast");
        await wait(callsOverMs);
        const after = await onStream(server, "broadcast");
        return before === after ? [] : [`${after - before} emails left on the stream from before`];
      },
    ],
    ["disabled", () => nothingLeaves(place, () => disableConnection(actor, { id }))],
    ["enabled", () => mailFlows(place, () => enableConnection(actor, { id }))],
    ["all sending stopped", () => nothingLeaves(place, () => stopSending(actor, { queued: "hold" }))],
    ["all sending resumed", () => mailFlows(place, () => resumeSending(actor, { overdue: "send" }))],
    ["moved to another server", () => movedAway(place, other)],
    [
      "moved back",
      async () => {
        // What is unknown on a server can only be asked there, so first all of it is.
        await other.clearFaults();
        const known = await until(async () => (await unknownOn(other, place.workspaceId)).size === 0, 60_000, 500);
        const { token } = await server.control<{ token: string }>("POST", "/tokens", {});
        await changeConnection(actor, { id, server_token: token });
        return known ? [] : ["what was asked of the other server was never looked up there"];
      },
    ],
  ];
};

const onStream = async ({ control }: Server, stream: string): Promise<number> =>
  (await control<{ stream: string; to: string | null }[]>("GET", "/outbox")).filter(
    (mail) => mail.stream === stream && !mail.to?.includes("@blackhole."),
  ).length;

/** From when the change is acknowledged and what had begun is over, the provider gets nothing. */
async function nothingLeaves({ server }: Place, stop: () => Promise<unknown>): Promise<string[]> {
  await stop();
  await wait(callsOverMs);
  const before = (await server.accepted()).length;
  await wait(callsOverMs);
  const more = (await server.accepted()).length - before;
  return more === 0 ? [] : [`${more} emails left afterwards`];
}

async function mailFlows({ server }: Place, go: () => Promise<unknown>): Promise<string[]> {
  const before = (await server.accepted()).length;
  await go();
  const flows = await until(async () => (await server.accepted()).length > before, 20_000, 200);
  return flows ? [] : ["nothing leaves"];
}

/** What was unknown on the old server cannot be looked up any more: it stays as it is, and is not sent again. */
async function movedAway(place: Place, other: Server): Promise<string[]> {
  const { actor, connectionId: id, workspaceId } = place;
  await changeConnection(actor, { id, server_token: other.serverToken });
  await wait(callsOverMs);
  const unknown = await unknownOn(place.server, workspaceId);
  const flows = await until(async () => (await other.accepted()).length > 20, 30_000, 200);
  const still = await unknownOn(place.server, workspaceId);
  const gone = [...unknown].filter((sendId) => !still.has(sendId));
  return [
    ...(flows ? [] : ["nothing leaves from the new server"]),
    ...(gone.length === 0 ? [] : [`${gone.length} emails were decided about although nobody could know`]),
  ];
}

/** Sends whose outcome only this server knows. */
async function unknownOn({ serverId }: Server, workspaceId: string): Promise<Set<string>> {
  const rows = await db.sql<{ id: string }>(
    `select s.id::text from sends s join send_attempts a on a.workspace_id = s.workspace_id and a.send_id = s.id
     where s.workspace_id = $1 and s.status = 'unknown' and a.outcome is null and a.server_id = $2`,
    [workspaceId, serverId],
  );
  return new Set(rows.map(({ id }) => id));
}

async function untilSettled(place: Place): Promise<string[]> {
  if (await until(async () => openOf(await place.statuses()).length === 0, settleWithinMs)) return [];
  return [`still open after ${settleWithinMs} ms: ${JSON.stringify(openOf(await place.statuses()))}`];
}
