import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { type Actor, permissions } from "../actor";
import { archiveAutomation, pauseAutomation, resumeAutomation } from "../automations";
import { changeAlertSettings, disableConnection, enableConnection, markFailing } from "../connections";
import { db } from "../db";
import { resumeSending, stopSending } from "../sends";
import { makeConnection, makeMembership, makeSends, makeUser } from "../testing/factory";
import { resetBefore } from "../testing/fake-connector";
import { startDispatcher } from "./index";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const owner = ({ workspaceId }: World): Actor => ({
  kind: "user",
  id: "test",
  workspaceId,
  permissions: new Set(permissions),
  role: "owner",
});
const statuses = async (world: World) =>
  (await world.sends()).map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`));

const stops: [
  string,
  { stop: (world: World) => Promise<unknown>; left: string; go?: (world: World) => Promise<unknown> },
][] = [
  [
    "all sending is stopped",
    {
      stop: (world) => stopSending(owner(world), { queued: "hold" }),
      left: "queued",
      go: (world) => resumeSending(owner(world), { overdue: "send" }),
    },
  ],
  [
    "the connection is disabled",
    {
      stop: (world) => disableConnection(owner(world), { id: world.connection.id }),
      left: "queued",
      go: (world) => enableConnection(owner(world), { id: world.connection.id }),
    },
  ],
  [
    "the automation is paused",
    {
      stop: (world) => pauseAutomation(owner(world), { id: world.automation.id, queued: "hold" }),
      left: "queued",
      go: (world) => resumeAutomation(owner(world), { id: world.automation.id, overdue: "send" }),
    },
  ],
  [
    "the automation is archived",
    {
      stop: (world) => archiveAutomation(owner(world), { id: world.automation.id }),
      left: "skipped automation_archived",
    },
  ],
];

test.each(stops)(
  "when %s right before a call, the call is not made, and nothing is burnt",
  async (_, { stop, left, go }) => {
    const world = await makeWorld();
    await world.enroll(people(3));
    let stopped = false;
    const step = async (name: string) => {
      if (name !== "confirm" || stopped) return;
      stopped = true;
      await stop(world);
    };
    await world.pass({ step });
    expect(stopped).toBe(true);
    expect(world.fake.calls).toEqual([]);
    await world.pass();
    expect(await statuses(world)).toEqual(Array(3).fill(left));
    expect(await world.attempts()).toEqual([]);
    if (!go) return;
    await go(world);
    await world.pass();
    expect(await statuses(world)).toEqual(Array(3).fill("sent"));
    expect(world.fake.calls).toHaveLength(1);
  },
);

test("a stop between the halves of a refused batch stops the second half", async () => {
  const world = await makeWorld();
  world.fake.answerNext({ kind: "call_refused", about: "message", code: 402, message: "Invalid JSON" });
  await world.enroll(people(4));
  let reopened = 0;
  const step = async (name: string) => {
    if (name !== "reopen") return;
    reopened += 1;
    if (reopened === 2) await stopSending(owner(world), { queued: "hold" });
  };
  await world.pass({ step });
  expect(world.fake.calls.map(({ messages }) => messages.length)).toEqual([4, 2]);
  expect((await statuses(world)).sort()).toEqual(["queued", "queued", "sent", "sent"]);
  await resumeSending(owner(world), { overdue: "send" });
  await world.pass();
  expect(new Set(world.fake.acceptedTimes().values())).toEqual(new Set([1]));
  expect(world.fake.acceptedTimes().size).toBe(4);
});

test("an email whose lease went to another process meanwhile does not leave from here", async () => {
  const world = await makeWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await world.enroll(people(2));
  const { workspaceId } = world;
  let taken = false;
  const step = async (name: string) => {
    if (name !== "confirm" || taken) return;
    taken = true;
    await db.sql("update sends set lease_token = gen_random_uuid() where workspace_id = $1", [workspaceId]);
  };
  await world.pass({ step });
  expect(world.fake.calls).toEqual([]);
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["not_sent", "not_sent"]);
  await world.letTimePass();
  await world.pass();
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent"]);
});

test("a batch that cannot be confirmed goes back, and leaves later", async () => {
  const world = await makeWorld();
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await world.enroll(people(1));
  let renamed = false;
  const step = async (name: string) => {
    if (name === "confirm" && !renamed) {
      renamed = true;
      await db.sql("alter function confirm_sends rename to confirm_sends_away");
    } else if (name === "save" && renamed) {
      await db.sql("alter function confirm_sends_away rename to confirm_sends").catch(() => undefined);
    }
  };
  await world.pass({ step });
  expect(errors).toHaveBeenCalled();
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent"]);
});

const signal = (world: World, runId: string) =>
  db.sql(
    "insert into run_signals (workspace_id, enrollment_id, event_id, received_at) values ($1, $2, gen_random_uuid(), clock_timestamp())",
    [world.workspaceId, runId],
  );

test("while a run has a signal that nobody has looked at, its email does not leave, not even between the look and the call", async () => {
  const world = await makeWorld();
  const { runs } = await world.enroll(people(2));
  const [first] = runs;
  let signalled = false;
  const step = async (name: string) => {
    if (name !== "confirm" || signalled) return;
    signalled = true;
    await signal(world, first?.id ?? "");
    await db.sql("update enrollments set due_at = null where id = $1", [first?.id]);
  };
  await world.pass({ step });
  await world.letTimePass();
  await db.sql("update enrollments set due_at = null where id = $1", [first?.id]);
  await world.pass();
  expect(world.fake.outbox.map(({ to }) => to)).toEqual(["person-1@example.com"]);
  const [held] = await world.sends();
  expect(held).toMatchObject({ status: "queued" });
  expect(held?.dueAt?.getTime()).toBeGreaterThan(Date.now() - 1_000);
  await db.sql("update run_signals set seen_at = clock_timestamp() where workspace_id = $1", [world.workspaceId]);
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent"]);
});

const skips: [
  string,
  { stop: (world: World) => Promise<unknown>; go: (world: World) => Promise<unknown>; reason: string },
][] = [
  [
    "pausing",
    {
      stop: (world) => pauseAutomation(owner(world), { id: world.automation.id, queued: "skip" }),
      go: (world) => resumeAutomation(owner(world), { id: world.automation.id, overdue: "send" }),
      reason: "paused",
    },
  ],
  [
    "stopping all sending",
    {
      stop: (world) => stopSending(owner(world), { queued: "skip" }),
      go: (world) => resumeSending(owner(world), { overdue: "send" }),
      reason: "sending_stopped",
    },
  ],
];

test.each(skips)(
  "%s with “skip” drops what was on its way too, should it come back, and nothing that is queued later",
  async (_, { stop, go, reason }) => {
    const world = await makeWorld();
    await world.enroll(people(2));
    // One is on its way and is put off; the answer of the other is lost, and it turns out to have never left.
    world.fake.answerNext(async () => {
      await stop(world);
      return { kind: "not_sent", cause: "503", rateLimited: false, retryAfterMs: null };
    });
    await world.pass();
    await go(world);
    await world.letTimePass();
    await world.pass();
    expect(await statuses(world)).toEqual(Array(2).fill(`skipped ${reason}`));
    expect(world.fake.outbox).toEqual([]);
    const skipped = (await world.decisions()).filter(({ kind }) => kind === "skipped");
    expect(skipped.map((decision) => decision.reason)).toEqual([reason, reason]);

    // What is queued afterwards is nothing of it.
    await world.enroll(people(1, 5));
    await world.pass();
    expect(world.fake.outbox.map(({ to }) => to)).toEqual(["person-5@example.com"]);
  },
);

test("“skip” drops what was unknown at that moment once it is proven that it never left", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  world.fake.answerNext(resetBefore);
  await world.pass();
  await stopSending(owner(world), { queued: "skip" });
  await resumeSending(owner(world), { overdue: "send" });
  for (let looks = 0; looks < 4; looks += 1) {
    await world.ageAttempts(600_000);
    await world.pass();
  }
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["skipped sending_stopped"]);
  expect(world.fake.outbox.filter(({ to }) => to !== world.fake.blackHole)).toEqual([]);
});

/** Queued emails of nobody's run, by when they were to leave. */
async function queue(world: World, rows: { minutesAgo: number; over?: object }[]) {
  const { profiles } = await world.enroll(people(1), { status: "completed" });
  const named = {
    connectionId: world.connection.id,
    automationId: world.automation.id,
    versionId: world.automation.version.id,
    profileId: profiles[0]?.id,
    stepId: "welcome",
  };
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000);
  await makeSends(
    db,
    world,
    rows.map(({ minutesAgo, over }) => ({
      ...named,
      scheduledAt: at(minutesAgo),
      createdAt: at(minutesAgo),
      ...over,
    })),
  );
}

test("resuming all sending with “skip” drops what was to leave meanwhile, and not what waited for another reason before", async () => {
  const world = await makeWorld();
  await queue(world, [
    { minutesAgo: 60 },
    { minutesAgo: 59, over: { dueAt: new Date(Date.now() + 60_000), reason: "provider_busy" } },
    { minutesAgo: 58, over: { dueAt: null, reason: "late" } },
    { minutesAgo: 10 },
  ]);
  const { workspaceId } = world;
  const stoppedAt = new Date(Date.now() - 30 * 60_000);
  await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: stoppedAt } });
  await resumeSending(owner(world), { overdue: "skip" });
  expect(await statuses(world)).toEqual(["skipped overdue", "queued provider_busy", "queued late", "skipped overdue"]);
});

test.each([
  ["a connection that fails", (world: World) => ({ connections: { status: "failing", id: world.connection.id } })],
  ["a stream that is refused", () => ({ lane: true })],
])("resuming with “skip” leaves what was queued before and waits for %s", async (_, hold) => {
  const world = await makeWorld();
  await queue(world, [{ minutesAgo: 60 }, { minutesAgo: 10 }]);
  const { workspaceId, connection, automation } = world;
  if ("lane" in hold(world))
    await db.sql(
      "update send_lanes l set held_reason = 'stream_refused', held_for = c.updated_at from connections c where l.workspace_id = $1 and c.id = l.connection_id",
      [workspaceId],
    );
  else await db.prisma.connection.updateMany({ where: { id: connection.id }, data: { status: "failing" } });
  const since = new Date(Date.now() - 30 * 60_000);
  await db.prisma.automation.updateMany({ where: { id: automation.id }, data: { status: "paused", pausedAt: since } });
  await resumeAutomation(owner(world), { id: automation.id, overdue: "skip" });
  expect(await statuses(world)).toEqual(["queued", "skipped overdue"]);
});

test("a dispatcher that is told to stop while it tells an alert's webhook begins no emails: they wait for the next one", async () => {
  const world = await makeWorld();
  const { workspaceId, tenant, connection } = world;
  await makeMembership(db, { workspaceId, userId: (await makeUser(db)).id, role: "owner" });
  await db.prisma.defaultConnection.create({ data: { workspaceId, connectionId: connection.id } });
  let stopped: Promise<void> | undefined;
  const server = http.createServer((_, response) => {
    stopped = dispatcher.stop();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const url = `http://127.0.0.1:${port}/`;
  await changeAlertSettings(owner(world), { alert_webhook_url: url, alert_email_admins: true });
  await markFailing(db, tenant, (await makeConnection(db, { workspaceId })).id, "x");
  const dispatcher = startDispatcher(world.means);
  try {
    await vi.waitFor(() => expect(stopped).toBeDefined(), { timeout: 10_000 });
    await stopped;
    expect(world.fake.calls).toEqual([]);
    const next = startDispatcher(world.means);
    await vi.waitFor(() => expect(world.fake.calls).toHaveLength(1), { timeout: 10_000 }).finally(() => next.stop());
  } finally {
    await dispatcher.stop();
    server.close();
  }
});
