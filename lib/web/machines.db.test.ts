import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import * as webhookModule from "../../app/api/webhooks/[workspaceId]/data_connections/[connectionId]/postmark/route";
import { db } from "../db";
import { newId, newSecret } from "../ids";
import { makeApiKey, makeConnection, makeWorkspace } from "../testing/factory";
import { startProblem } from "./checks";
import { cronRoute } from "./cron";
import { readyRoute } from "./health";
import { openFrontDoor } from "./testing/doors";

let front: Awaited<ReturnType<typeof openFrontDoor>>;
beforeAll(async () => {
  front = await openFrontDoor();
});
afterAll(() => front.close());

let workspaceId: string;
let connectionId: string;
beforeEach(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  connectionId = (await makeConnection(db, { workspaceId, webhookSecret: "hook-secret" })).id;
});

type Call = { workspace?: string; connection?: string; headers?: Record<string, string>; body?: string };
const bySecret = { "x-gflux-webhook-secret": "hook-secret" };
const doors = {
  "the front door": (path: string, init: RequestInit) => front.ask(path, init),
  "the route module": (path: string, init: RequestInit) => {
    const [, , , workspaceId = "", , connectionId = ""] = path.split("/");
    return webhookModule.POST(new Request(`http://localhost${path}`, init), {
      params: Promise.resolve({ workspaceId, connectionId }),
    });
  },
};

describe.each(Object.entries(doors))("a webhook through %s", (_name, ask) => {
  const call = async ({
    workspace = workspaceId,
    connection = connectionId,
    headers = bySecret,
    body = "{}",
  }: Call = {}) => {
    const path = `/api/webhooks/${workspace}/data_connections/${connection}/postmark`;
    const answer = await ask(path, { method: "POST", headers, body });
    return { status: answer.status, body: (await answer.json()) as { error?: string } };
  };
  const stored = async () =>
    (await db.sql<{ body: string }>("select body from webhook_events where workspace_id = $1", [workspaceId])).map(
      ({ body }) => body,
    );

  test("is answered 200 once it is stored word for word, whatever it says", async () => {
    const unknown = `{"RecordType":"Novelty","text":"\\u0000 kept as it came"}`;
    expect((await call({ body: unknown })).status).toBe(200);
    const basic = { authorization: `Basic ${Buffer.from("gflux:hook-secret").toString("base64")}` };
    expect((await call({ headers: basic, body: "[]" })).status).toBe(200);
    expect((await stored()).sort()).toEqual(["[]", unknown].sort());
  });

  test("with a wrong or missing secret, of a foreign or unknown connection, is refused and not stored", async () => {
    const foreign = await makeConnection(db, {
      workspaceId: (await makeWorkspace(db)).id,
      webhookSecret: "hook-secret",
    });
    expect(await call({ headers: {} })).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
    expect((await call({ headers: { "x-gflux-webhook-secret": "other" } })).status).toBe(401);
    expect((await call({ connection: foreign.id })).status).toBe(404);
    expect((await call({ connection: newId() })).status).toBe(404);
    expect((await call({ connection: "7" })).status).toBe(404);
    expect(await stored()).toEqual([]);
  });

  test("that is no JSON is 400, and over 1 MB 413", async () => {
    expect(await call({ body: "RecordType=Open" })).toMatchObject({ status: 400, body: { error: "validation_error" } });
    expect((await call({ body: `"${"x".repeat(1_100_000)}"` })).status).toBe(413);
    expect(await stored()).toEqual([]);
  });
});

describe("for the operator", () => {
  const cron = { authorization: "Bearer test-cron-secret-123" };

  test("cron does one bounded pass, for who knows the secret", async () => {
    const ask = async (query: string, headers: Record<string, string>) => {
      const answer = await cronRoute(new Request(`http://localhost/api/cron/dispatch${query}`, { headers }));
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect((await ask("", {})).status).toBe(401);
    expect((await ask("", { authorization: "Bearer test-cron-secret-124" })).status).toBe(401);
    expect((await ask("?budget_ms=never", cron)).status).toBe(400);
    const { status, body } = await ask("?budget_ms=200", cron);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(["advanced", "failed", "reconciled", "remaining", "sent"]);
  });

  test("what fails beside the pass of cron is logged, each by itself; what fails in it is the answer", async () => {
    const said: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => said.push(line));
    const without = async (table: string) => {
      said.length = 0;
      await db.sql(`alter table ${table} rename to away`);
      const request = new Request("http://localhost/api/cron/dispatch?budget_ms=5000", { headers: cron });
      const { status } = await cronRoute(request).finally(() => db.sql(`alter table away rename to ${table}`));
      return { status, said: said.map((line) => (JSON.parse(line) as { message: string }).message) };
    };
    await db.sql("update connections set status = 'failing' where workspace_id = $1", [workspaceId]);
    expect(await without("suppression_lists")).toEqual({
      status: 200,
      said: ["the tending of suppression lists failed"],
    });
    // The others were not ended by it.
    expect(await db.sql("select kind from alerts where workspace_id = $1 and open", [workspaceId])).toEqual([
      { kind: "failing" },
    ]);
    expect(await without("catch_ups")).toEqual({ status: 200, said: ["the asking for news failed"] });
    expect((await without("heartbeats")).status).toBe(500);
  });

  test("ready tells what is missing: a dispatcher, a migration", async () => {
    const ready = () => readyRoute(new Request("http://localhost/api/ready", { headers: { "x-request-id": "seen" } }));
    await db.sql("delete from heartbeats");
    const silent = await ready();
    expect(silent.headers.get("x-request-id")).toBe("seen");
    expect([silent.status, await silent.json()]).toEqual([
      503,
      expect.objectContaining({ database: "ok", dispatcher: "silent" }),
    ]);
    await db.sql("insert into heartbeats (process, kind, beat_at, started_at) values ('p', 'server', now(), now())");
    expect((await ready()).status).toBe(200);
    const [gone] = await db.sql(
      `delete from "_prisma_migrations" where migration_name = '20261121000002_events' returning *`,
    );
    const behind = await ready();
    expect([behind.status, await behind.json()]).toEqual([503, expect.objectContaining({ migrations: "behind" })]);
    expect(await startProblem()).toMatch(/lacks 20261121000002_events.*npm run db:migrate/);
    const columns = Object.keys(gone ?? {});
    await db.sql(
      `insert into "_prisma_migrations" (${columns.join(", ")}) values (${columns.map((_, n) => `$${n + 1}`).join(", ")})`,
      Object.values(gone ?? {}),
    );
    expect(await startProblem()).toBeNull();
  });

  test("a process does not start with keys that do not open what is sealed", async () => {
    const kept = process.env.ENCRYPTION_KEYS;
    const { forgetEnv } = await import("../env");
    process.env.ENCRYPTION_KEYS = `other:${Buffer.alloc(32, 8).toString("base64")}`;
    forgetEnv();
    expect(await startProblem()).toMatch(/^ENCRYPTION_KEYS does not open .* has no key with id test/);
    process.env.ENCRYPTION_KEYS = kept;
    forgetEnv();
  });

  test("metrics are text for Prometheus, for who knows the secret", async () => {
    expect((await front.ask("/api/metrics")).status).toBe(401);
    const answer = await front.ask("/api/metrics", { headers: cron });
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of text.trim().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{.+\})? (NaN|[\d.e+-]+))$/);
    expect(text).toMatch(/gflux_requests_total\{operation="receiveWebhook",status="200"\} \d/);
  });

  test("health asks nobody, and what nobody answers goes on to the pages", async () => {
    expect(await (await front.ask("/api/health")).json()).toEqual({ status: "ok" });
    expect((await front.ask("/v1/sends")).status).toBe(404);
  });
});

test.each([
  ["GET", "/v1/events", "OPTIONS, POST"],
  ["PATCH", "/v1/projects/7/profiles", "GET, HEAD, OPTIONS"],
  ["HEAD", "/v1/identify/alias", "OPTIONS, POST"],
  ["DELETE", "/api/ready", "GET, HEAD, OPTIONS"],
  ["GET", "/api/webhooks/7/data_connections/8/postmark", "OPTIONS, POST"],
])("%s %s is told which methods there are, in the words of every error", async (method, path, allow) => {
  const answer = await front.ask(path, { method });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
  const requestId = answer.headers.get("x-request-id");
  expect(requestId).toMatch(/^req_/);
  if (method !== "HEAD")
    expect(await answer.json()).toEqual({
      error: "not_found",
      detail: `There is no ${method} on this path: it takes ${allow}.`,
      request_id: requestId,
    });
});

test("what is wrong with a body as a whole names no field, and still has the list of them", async () => {
  const secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  for (const body of ["{", "[]", `{"event":"a","external_id":"b\\u0000"}`]) {
    const answer = await front.ask("/v1/events", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
      body,
    });
    expect(await answer.json()).toMatchObject({ error: "validation_error", fields: {} });
  }
});

test("an identify by an id that it does not take is told which ones it takes", async () => {
  const secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  const answer = await front.ask("/v1/identify", {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ user_id: newId(), traits: {} }),
  });
  expect(await answer.json()).toMatchObject({
    error: "validation_error",
    fields: { external_id: ["Give external_id or anonymous_id, or both: an identify goes by no other id."] },
  });
});
