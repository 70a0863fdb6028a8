import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Actor, permissions } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import type { Sandbox, World as Server } from "../sandbox";
import { startSandbox } from "../sandbox";
import {
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeProfiles,
  makeSuppressions,
  makeWorkspace,
} from "../testing/factory";
import { wake } from "../wake";
import { type Dispatcher, dispatch, sendTest, startDispatcher } from "./index";
import { startWorkerProcess } from "./testing/kill";
import { people, quiesce } from "./testing/world";

let sandbox: Sandbox;
let worlds = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ indexLagMs: 100, deliverAfterMs: 60_000, seed: 1 });
  process.env.POSTMARK_SEARCH_LAG_MS = "300";
  process.env.POSTMARK_TIMEOUT_MS = "1000";
});
afterEach(quiesce);
afterAll(() => sandbox.close());

/** A workspace whose connection leads to a server of its own in the sandbox. */
async function makePlace() {
  worlds += 1;
  const server: Server = sandbox.world(`world-${worlds}`);
  process.env.POSTMARK_API_URL = server.apiUrl;
  forgetEnv();
  const { id: workspaceId } = await makeWorkspace(db);
  const connection = await makeConnection(db, {
    workspaceId,
    serverToken: server.serverToken,
    serverId: null,
    status: "unvalidated",
  });
  const automation = await makeAutomation(db, { workspaceId, connectionId: connection.id });
  return {
    server,
    workspaceId,
    connection,
    async enroll(count: number, from = 0) {
      const profiles = await makeProfiles(db, { workspaceId }, people(count, from));
      const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
      return makeEnrollments(
        db,
        run,
        profiles.map(({ id }) => ({ profileId: id })),
      );
    },
    sends: () => db.prisma.send.findMany({ where: { workspaceId }, orderBy: { id: "asc" } }),
    async statuses() {
      const rows = await db.prisma.send.groupBy({ by: ["status"], where: { workspaceId }, _count: true });
      return Object.fromEntries(rows.map(({ status, _count }) => [status, _count]));
    },
    /** How often each person was written to, as the provider saw it. */
    taken() {
      const times = new Map<string, number>();
      for (const { recipients } of server.outbox())
        for (const { email } of recipients)
          if (!email.includes("blackhole")) times.set(email, (times.get(email) ?? 0) + 1);
      return times;
    },
  };
}
type Place = Awaited<ReturnType<typeof makePlace>>;

const pass = () => dispatch({ budgetMs: 5_000, kind: "worker" });
async function passUntil(place: Place, wanted: Record<string, number>, timeoutMs = 25_000) {
  await vi.waitFor(
    async () => {
      await pass();
      expect(await place.statuses()).toEqual(wanted);
    },
    { timeout: timeoutMs, interval: 150 },
  );
}
const onceEach = (place: Place, count: number) => {
  const times = place.taken();
  expect(times.size).toBe(count);
  expect(new Set(times.values())).toEqual(new Set([1]));
};

test("a connection whose server was never read is asked for it, so that what it sends can be looked up", async () => {
  const place = await makePlace();
  await place.enroll(1);
  await passUntil(place, { sent: 1 });
  onceEach(place, 1);
  const [attempt] = await db.prisma.sendAttempt.findMany({ where: { workspaceId: place.workspaceId } });
  expect(attempt).toMatchObject({ outcome: "accepted", serverId: String(place.server.server.id) });
});

test("500 emails whose answers are cut after accepting arrive once each", async () => {
  const place = await makePlace();
  place.server.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 2 });
  await place.enroll(500);
  await passUntil(place, { sent: 500 });
  onceEach(place, 500);
});

test("500 emails that are cut before accepting arrive once each", async () => {
  const place = await makePlace();
  place.server.addFault({ action: "resetBeforeAccept", path: "/email/batch", count: 2 });
  await place.enroll(500);
  await passUntil(place, { sent: 500 });
  onceEach(place, 500);
});

test("half a batch accepted and then cut arrives once each", async () => {
  const place = await makePlace();
  place.server.addFault({ action: "partialBatch", path: "/email/batch", items: 50, count: 1 });
  await place.enroll(120);
  await passUntil(place, { sent: 120 });
  onceEach(place, 120);
});

test("while search is blind nothing is sent again; when it sees, everything is settled", async () => {
  const place = await makePlace();
  place.server.settings({ accountPaused: true });
  place.server.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 1 });
  await place.enroll(20);
  await passUntil(place, { unknown: 20 });
  for (let passes = 0; passes < 12; passes += 1) {
    await wait(250);
    await pass();
  }
  expect(await place.statuses()).toEqual({ unknown: 20 });
  place.server.settings({ accountPaused: false });
  await passUntil(place, { sent: 20 });
  onceEach(place, 20);
});

test("a revoked token holds the mail and burns nothing; a good one releases it", async () => {
  const place = await makePlace();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await place.enroll(1);
  await pass();
  const token = place.server.serverToken;
  place.server.revokeToken(token);
  await place.enroll(30, 1);
  await pass();
  await pass();
  expect(await place.statuses()).toEqual({ sent: 1, queued: 30 });
  expect((await db.prisma.connection.findFirstOrThrow({ where: { id: place.connection.id } })).status).toBe("failing");
  expect(warned).toHaveBeenCalledOnce();
  place.server.addServerToken(token);
  await db.prisma.connection.updateMany({ where: { id: place.connection.id }, data: { status: "ready" } });
  await pass();
  expect(await place.statuses()).toEqual({ sent: 31 });
  onceEach(place, 31);
});

test("killing a worker in the middle of its work loses nothing and sends nothing twice", {
  timeout: 90_000,
}, async () => {
  const place = await makePlace();
  place.server.addFault({ action: "latency", path: "/email/batch", ms: 120 });
  await place.enroll(600);
  const child = await startWorkerProcess();
  await vi.waitFor(() => expect(place.taken().size).toBeGreaterThan(0), { timeout: 40_000, interval: 5 });
  child.kill("SIGKILL");
  place.server.clearFaults();
  await passUntil(place, { sent: 600 }, 60_000);
  onceEach(place, 600);
});

test("a resident dispatcher hands an email over within tens of milliseconds of its wake-up, and drains at the end", async () => {
  const place = await makePlace();
  const dispatcher: Dispatcher = startDispatcher();
  const tookMs: number[] = [];
  try {
    await vi.waitFor(async () => expect(await db.prisma.heartbeat.count()).toBeGreaterThan(0), { timeout: 10_000 });
    for (let index = 0; index < 15; index += 1) {
      await place.enroll(1, index);
      const wokenMs = performance.now();
      wake();
      await vi.waitFor(() => expect(place.taken().size).toBe(index + 1), { timeout: 10_000, interval: 1 });
      tookMs.push(performance.now() - wokenMs);
    }
    await place.enroll(200, 100);
    wake();
    await vi.waitFor(() => expect(place.taken().size).toBeGreaterThan(15), { timeout: 10_000, interval: 1 });
  } finally {
    await dispatcher.stop();
  }
  const { sending = 0 } = await place.statuses();
  expect(sending).toBe(0);
  tookMs.sort((a, b) => a - b);
  process.stderr.write(`wake-up to provider, ms: ${tookMs.map((ms) => Math.round(ms)).join(" ")}\n`);
  expect(tookMs[7]).toBeLessThan(1_000);
  expect(await db.prisma.heartbeat.count({ where: { kind: "server" } })).toBe(0);
});

const owner = ({ workspaceId }: Place): Actor => ({
  kind: "user",
  id: "test",
  workspaceId,
  permissions: new Set(permissions),
  role: "owner",
});

test("a test message is on disk before it leaves, and answers with what became of it", async () => {
  const place = await makePlace();
  const { connection, server } = place;
  const sent = await sendTest(owner(place), { id: connection.id, to: "me@example.com" });
  expect(sent).toMatchObject({ send_id: expect.any(String), provider_message_id: server.outbox()[0]?.id });
  expect((await place.sends()).map(({ kind, status, toEmail }) => [kind, status, toEmail])).toEqual([
    ["test", "sent", "me@example.com"],
  ]);

  server.addFault({ action: "resetAfterAccept", path: "/email", count: 1 });
  expect(await sendTest(owner(place), { id: connection.id, to: "two@example.com" })).toMatchObject({
    status: "unknown",
  });

  server.settings({ unverifiedDomains: ["example.com"] });
  await expect(sendTest(owner(place), { id: connection.id, to: "three@example.com" })).rejects.toMatchObject({
    code: "provider_rejected",
    extras: { provider: { code: "from_not_verified" } },
  });
  await makeSuppressions(db, place, [{ email: "four@example.com" }]);
  await expect(sendTest(owner(place), { id: connection.id, to: "four@example.com" })).rejects.toMatchObject({
    extras: { provider: { code: "recipient_inactive" } },
  });
  server.settings({ unverifiedDomains: [] });
  await db.prisma.connection.updateMany({ where: { id: connection.id }, data: { serverId: String(server.server.id) } });
  expect(server.outbox()).toHaveLength(2);
});
