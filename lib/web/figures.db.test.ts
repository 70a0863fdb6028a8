import { beforeAll, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { callFacts, recordCall, recordCalls } from "../connections";
import { db, outsideTransaction, transaction } from "../db";
import { makeAutomation, makeConnection, makeEnrollments, makeSends, makeWorkspace } from "../testing/factory";
import { diagnose } from "./diagnosis";
import { readFigures, recentFigures } from "./figures";
import { readyRoute } from "./health";
import { metricsRoute } from "./metrics";
import { readBacklog } from "./store-figures";

const ago = (ms: number) => new Date(Date.now() - ms);
const hour = 3_600_000;

beforeAll(async () => {
  const [workspace, stopped] = [await makeWorkspace(db), await makeWorkspace(db, { sendingStoppedAt: new Date() })];
  const workspaceId = workspace.id;
  const good = await makeConnection(db, { workspaceId });
  const failing = await makeConnection(db, { workspaceId, status: "failing" });
  const disabled = await makeConnection(db, { workspaceId, status: "disabled" });
  const refused = await makeConnection(db, { workspaceId });
  const at = { workspaceId, connectionId: good.id };
  await makeSends(db, { workspaceId }, [
    { ...at },
    { ...at, dueAt: new Date(Date.now() + hour) },
    { ...at, dueAt: null },
    { ...at, reason: "late", dueAt: null },
    { ...at, connectionId: failing.id },
    { ...at, connectionId: failing.id, reason: "late", dueAt: null },
    { ...at, connectionId: disabled.id },
    { ...at, connectionId: refused.id },
    { ...at, status: "sending", dueAt: new Date(Date.now() + hour) },
    { ...at, status: "unknown", reason: "no_answer", unknownSince: ago(2 * hour) },
    { ...at, status: "unknown", reason: "cannot_know", unknownSince: ago(60_000) },
    { ...at, status: "unknown", reason: "no_answer", unknownSince: ago(60_000) },
    { ...at, status: "sent" },
  ]);
  await db.sql(
    "update send_lanes set held_reason = 'stream_refused', held_for = $3, held_detail = 'No.' where workspace_id = $1 and connection_id = $2",
    [workspaceId, refused.id, refused.updatedAt],
  );
  const elsewhere = await makeConnection(db, { workspaceId: stopped.id });
  await makeSends(db, { workspaceId: stopped.id }, [{ connectionId: elsewhere.id }, { connectionId: elsewhere.id }]);
  for (const id of [workspaceId, stopped.id]) {
    const automation = await makeAutomation(db, { workspaceId: id });
    await makeEnrollments(db, { workspaceId: id, automationId: automation.id, versionId: automation.version.id }, [
      { dueAt: ago(90_000) },
      { dueAt: new Date(Date.now() + hour) },
    ]);
  }
  const tenant = systemTenant(workspaceId);
  const accepted = { kind: "accepted", messageId: "m", note: null } as const;
  const not = { kind: "refused", code: 300, message: "No." } as const;
  const answered = callFacts({ kind: "answered", outcomes: [accepted, accepted, not] }, 3);
  await recordCall(db, tenant, { connectionId: good.id, ms: 120, ...answered });
  await recordCall(db, tenant, { connectionId: good.id, ms: 30_000, ...callFacts({ kind: "unknown", cause: "?" }, 4) });
  const searched = { kind: "cannot_know", cause: "?", aboutCredentials: false } as const;
  await recordCall(db, tenant, { connectionId: good.id, ms: 10, ...callFacts(searched, 0) });
  await recordCalls(db, tenant, { connectionId: good.id, call: "list", refused: 3 }, [
    { outcome: "answered", code: null, ms: 40 },
    { outcome: "cannot_know", code: 1226, ms: 10 },
  ]);
  await db.sql("insert into heartbeats (process, kind, beat_at, started_at) values ('p', 'server', now(), now())");
});

test("what waits is told by what it waits for, of all workspaces together", async () => {
  expect(await readFigures()).toEqual({
    queue: { runs_due: 1, sends_due: 1, queued: 10, sending: 1 },
    unknown: { total: 3, cannot_know: 1, oldest_seconds: expect.any(Number) },
    held: {
      late: 2,
      paused: 1,
      sending_stopped: 2,
      connection_failing: 1,
      connection_disabled: 1,
      stream_refused: 1,
      account_refused: 0,
    },
    to_decide: 4,
    failing_connections: 1,
    recent: {
      minutes: 15,
      attempts: { accepted: 2, refused: 1, unknown: 4 },
      latency: {
        send: { calls: 2, seconds_sum: 30.12, seconds_max: 30 },
        find: { calls: 1, seconds_sum: 0.01, seconds_max: 0.01 },
        list: { calls: 2, seconds_sum: 0.05, seconds_max: 0.04 },
        history: { calls: 0, seconds_sum: 0, seconds_max: 0 },
      },
      calls: expect.arrayContaining([
        { call: "send", outcome: "answered", count: 1 },
        { call: "send", outcome: "unknown", count: 1 },
        { call: "find", outcome: "cannot_know", count: 1 },
      ]),
      errors: expect.arrayContaining([
        { call: "send", outcome: "refused", code: 300, count: 1 },
        { call: "send", outcome: "unknown", code: 0, count: 1 },
        { call: "find", outcome: "cannot_know", code: 0, count: 1 },
        { call: "list", outcome: "cannot_know", code: 1226, count: 1 },
        { call: "list", outcome: "refused", code: 0, count: 3 },
      ]),
    },
  });
});

const ready = (secret?: string) =>
  readyRoute(
    new Request("http://localhost/api/ready", secret ? { headers: { authorization: `Bearer ${secret}` } } : {}),
  );
const cronSecret = "test-cron-secret-123";

test("ready tells the figures to the operator's machines, and to nobody else", async () => {
  for (const secret of [undefined, "test-cron-secret-124"]) {
    const open = await ready(secret);
    expect(open.status).toBe(200);
    expect(Object.keys(await open.json()).sort()).toEqual(
      ["database", "dispatcher", "last_beat_seconds", "migrations", "oldest_due_seconds", "ready"].sort(),
    );
  }
  const answer = await ready(cronSecret);
  expect(answer.status).toBe(200);
  const body = await answer.json();
  expect(body).toMatchObject({ ready: true, figures: { to_decide: 4, held: { late: 2 } } });
  // The failing and the disabled connection, and the workspace that is stopped, do not count: nobody could do that work now.
  expect(body.oldest_due_seconds).toBeGreaterThanOrEqual(90);
  expect(body.oldest_due_seconds).toBeLessThan(3_600);
});

test("figures that take long keep no probe waiting, and are read once for all who ask", async () => {
  // A minute goes by before the first asks, and another before the second does.
  const nowMs = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(nowMs + 60_000);
  const begun = await transaction(async (tx) => {
    await tx.sql("lock table provider_calls in access exclusive mode");
    const asked = outsideTransaction(() => recentFigures());
    clock.mockReturnValue(nowMs + 120_000);
    expect(outsideTransaction(() => recentFigures())).toBe(asked);
    clock.mockRestore();
    const answer = await outsideTransaction(() => ready(cronSecret));
    expect([answer.status, (await answer.json()).figures]).toEqual([200, null]);
    return { asked };
  });
  expect(await begun.asked).toMatchObject({ to_decide: 4 });
  expect(recentFigures()).toBe(begun.asked);
});

test("metrics tell the same, each sample with its help and type, none twice", async () => {
  const headers = { authorization: "Bearer test-cron-secret-123" };
  const text = await (await metricsRoute(new Request("http://localhost/api/metrics", { headers }))).text();
  const lines = text.trimEnd().split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'gflux_sends_held{reason="connection_failing"} 1',
      'gflux_sends_held{reason="late"} 2',
      "gflux_sends_to_decide 4",
      "gflux_sends_unknown 3",
      "gflux_sends_due 1",
      "gflux_runs_due 1",
      'gflux_recent_attempts{outcome="accepted"} 2',
      'gflux_provider_recent_seconds{call="send"} 30.12',
      'gflux_provider_recent_seconds_max{call="find"} 0.01',
      'gflux_provider_recent_calls{call="send",outcome="answered"} 1',
      'gflux_provider_recent_errors{call="send",outcome="refused",code="300"} 1',
    ]),
  );
  const samples = lines.filter((line) => !line.startsWith("#")).map((line) => line.replace(/ \S+$/, ""));
  expect(new Set(samples).size).toBe(samples.length);
  let declared = "";
  for (const line of lines) {
    const [, name] = /^# TYPE (\w+) (?:gauge|counter)$/.exec(line) ?? [];
    if (name !== undefined) declared = name;
    else if (!line.startsWith("#"))
      expect(line).toMatch(new RegExp(`^${declared}(\\{(\\w+="[^"]*",?)+\\})? (NaN|[-+\\d.e]+)$`));
  }
});

test("a backlog of twelve thousand and a long history cost what their index entries cost", async () => {
  const { id } = await makeWorkspace(db);
  const connection = await makeConnection(db, { workspaceId: id });
  const insert = (status: string, count: number) =>
    db.sql(
      `insert into sends (workspace_id, id, connection_id, message_stream, scheduled_at, status, due_at)
       select $1, uuid_v7(), $2, 'broadcast', now(), $3, case when $3 = 'queued' then now() end from generate_series(1, $4)`,
      [id, connection.id, status, count],
    );
  await insert("queued", 12_000);
  await insert("sent", 30_000);
  await db.sql("insert into send_lanes (workspace_id, connection_id, message_stream) values ($1, $2, 'broadcast')", [
    id,
    connection.id,
  ]);
  await db.sql("vacuum analyze sends");
  const { sendsDue, queued } = await readBacklog(db);
  expect(sendsDue).toBe(10_001);
  expect(queued).toBe(10_010);
  const began = performance.now();
  await readBacklog(db);
  expect(performance.now() - began).toBeLessThan(500);
});

test("the doctor reads who is alive, how far apart the clocks are, and where somebody is needed", async () => {
  const diagnosis = await diagnose();
  expect(diagnosis.database).toMatchObject({ reachable: true });
  expect(diagnosis.missingMigrations).toEqual([]);
  expect(diagnosis.work?.heartbeats).toMatchObject([{ process: "p", kind: "server" }]);
  expect(diagnosis.work?.failing.map(({ detail }) => detail)).toEqual([null, "No."]);
  expect(diagnosis.work?.deciding).toHaveLength(1);
  expect(diagnosis.work?.figures.to_decide).toBe(4);
});
