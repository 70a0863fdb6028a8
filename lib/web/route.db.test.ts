import { beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { allow } from "../actor";
import { db, transaction } from "../db";
import { forgetEnv } from "../env";
import { AppError } from "../errors";
import { newId, newSecret } from "../ids";
import { operation } from "../operation";
import { makeApiKey, makeWorkspace } from "../testing/factory";
import { createKeyOperation, listKeysOperation, revokeKeyOperation } from "../workspaces/operations";
import { type Handler, serve } from "./route";

let workspaceId: string;
let secret: string;

beforeEach(async () => {
  process.env.RATE_LIMIT = "off";
  forgetEnv();
  workspaceId = (await makeWorkspace(db)).id;
  secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  behaviour = async () => undefined;
});

/** What the operation under test does beside leaving a note in its transaction. */
let behaviour: () => Promise<void>;
const noteOperation = operation({
  id: "note",
  summary: "Leaves a note.",
  method: "POST",
  path: "/v1/projects/{project_id}/notes/{id}",
  status: 201,
  permission: "suppressions:write",
  input: z.strictObject({
    id: z.uuid(),
    text: z.string().max(20),
    deep: z.array(z.strictObject({ from_email: z.string() })).optional(),
  }),
  output: z.object({ id: z.uuid(), text: z.string() }),
  run: async (actor, { id, text }) => {
    const tenant = allow(actor, "suppressions:write");
    await transaction(async (tx) => {
      await tx.sql(
        `insert into audit_entries (workspace_id, id, actor_kind, actor_id, action) values ($1, $2, 'test', '', $3)`,
        [tenant.workspaceId, newId(), text],
      );
      await behaviour();
    });
    return { id, text, secret: "never told" };
  },
});
const note = serve(noteOperation);
const callingOut = serve({ ...noteOperation, callsOut: true as const });

type Ask = {
  body?: unknown;
  method?: string;
  headers?: Record<string, string>;
  params?: Record<string, string>;
  query?: string;
};
async function ask(
  handler: Handler,
  { body = { text: "hello" }, method = "POST", headers = {}, params = {}, query = "" }: Ask = {},
) {
  const given = { project_id: workspaceId, id: newId(), ...params };
  const path = method === "POST" ? `/v1/projects/${given.project_id}/notes/fixed` : "/v1/x";
  const request = new Request(`http://localhost${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...headers },
    ...(method === "GET" || method === "DELETE"
      ? {}
      : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = await handler(request, { params: Promise.resolve(given) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
}
const notes = async () =>
  (
    await db.sql<{ action: string }>(
      "select action from audit_entries where workspace_id = $1 and actor_kind = 'test'",
      [workspaceId],
    )
  ).map(({ action }) => action);

describe("a request", () => {
  test("is answered with what is declared and nothing else, under its own id", async () => {
    const id = newId();
    const { status, body, headers } = await ask(note, { params: { id } });
    expect([status, body]).toEqual([201, { id, text: "hello" }]);
    expect(headers.get("x-request-id")).toMatch(/^req_/);
    expect((await ask(note, { headers: { "x-request-id": "evil\tid" } })).headers.get("x-request-id")).toMatch(/^req_/);
  });

  test("needs a key that is good now", async () => {
    expect((await ask(note, { headers: { authorization: "" } })).body.error).toBe("unauthenticated");
    expect((await ask(note, { headers: { authorization: "" }, query: `?api_key=${secret}` })).status).toBe(201);
    await db.sql("update api_keys set revoked_at = now() where workspace_id = $1", [workspaceId]);
    const { status, body } = await ask(note);
    expect([status, body.error]).toEqual([401, "unauthenticated"]);
    expect(body.request_id).toMatch(/^req_/);
  });

  test("needs the right kind of key, with the scope", async () => {
    const [narrow, publishable] = [`gflux_secret_live_${newSecret()}`, `gflux_pub_live_${newSecret()}`];
    await makeApiKey(db, { workspaceId, secret: narrow, scopes: ["sends:read"] });
    await makeApiKey(db, { workspaceId, secret: publishable, kind: "publishable" });
    const as = (key: string) => ask(note, { headers: { authorization: `Bearer ${key}` } });
    expect(await as(narrow)).toMatchObject({ status: 403, body: { error: "insufficient_scope" } });
    expect(await as(publishable)).toMatchObject({
      status: 403,
      body: { error: "wrong_key_type", received: "publishable" },
    });
    expect(await notes()).toEqual([]);
  });

  test("about another workspace, or an id that is none, finds nothing", async () => {
    const other = (await makeWorkspace(db)).id;
    expect(await ask(note, { params: { project_id: other } })).toMatchObject({
      status: 404,
      body: { error: "not_found" },
    });
    expect((await ask(note, { params: { id: "7" } })).status).toBe(404);
    expect((await ask(note, { params: { id: "%E0%A4%A" } })).status).toBe(404);
  });

  test.each([
    ["broken JSON", "{", "JSON"],
    ["a list", [], "JSON object"],
    ["a missing key", {}, "text"],
    ["an unknown key, with the one that was meant", { text: "a", txet: 1 }, "Did you mean text?"],
    [
      "an unknown key inside, with the one that was meant",
      { text: "a", deep: [{ fromEmail: "x" }] },
      "Did you mean from_email?",
    ],
    ["an unknown key like none", { text: "a", colour: 1 }, "The keys are text, deep."],
    ["U+0000", { text: "a\u0000" }, "U+0000"],
    ["too long a text", { text: "a".repeat(21) }, "text"],
  ])("with %s is a validation_error that says so", async (_what, body, words) => {
    const answer = await ask(note, { body });
    expect([answer.status, answer.body.error]).toEqual([400, "validation_error"]);
    expect(JSON.stringify(answer.body)).toContain(words);
    expect(await notes()).toEqual([]);
  });

  test("of more than 1 MB is refused", async () => {
    expect(await ask(note, { body: { text: "x".repeat(1_100_000) } })).toMatchObject({
      status: 413,
      body: { error: "payload_too_large" },
    });
  });

  test("beyond the workspace's rate is refused", async () => {
    process.env.RATE_LIMIT = "1/2";
    forgetEnv();
    expect((await ask(note)).headers.get("x-ratelimit-limit")).toBe("2");
    await ask(note);
    const { status, body, headers } = await ask(note);
    expect([status, body.error, headers.get("x-ratelimit-remaining")]).toEqual([429, "rate_limited", "0"]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  test("that meets our own fault learns nothing but its id, and the log learns the rest", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    behaviour = async () => {
      throw new Error("the cellar is flooded");
    };
    const { status, body } = await ask(note, { headers: { "x-request-id": "find-me" } });
    expect(status).toBe(500);
    expect(body).toEqual({ error: "server_error", detail: expect.any(String), request_id: "find-me" });
    expect(JSON.stringify(body)).not.toContain("cellar");
    expect(String(logged.mock.calls[0])).toMatch(/find-me.*cellar/);
  });

  test("that the database cannot serve just now, or not in time, is told to come again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    behaviour = () => Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
    const refused = await ask(note);
    behaviour = async () => {
      await db.sql("set local statement_timeout = 10");
      await db.sql("select pg_sleep(5)");
    };
    for (const { status, body, headers } of [refused, await ask(note)])
      expect([status, body.error, headers.get("retry-after")]).toEqual([503, "server_error", "1"]);
    expect(await notes()).toEqual([]);
  });

  test("with a Retry-After of the use case carries it as a header", async () => {
    behaviour = () => Promise.reject(new AppError("rate_limited", "Slow down.", { retryAfterSeconds: 7 }));
    const { status, headers } = await ask(note);
    expect([status, headers.get("retry-after")]).toEqual([429, "7"]);
  });
});

describe.each([
  ["inside one transaction", () => note],
  ["that calls out", () => callingOut],
])("an operation %s, with an idempotency key", (_name, handler) => {
  const key = { "x-idempotency-key": "once" };

  test("does it once and gives the same answer again, sealed at rest", async () => {
    const id = newId();
    const first = await ask(handler(), { headers: key, params: { id } });
    const again = await ask(handler(), { headers: key, params: { id: newId() } });
    expect(first.status).toBe(201);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(await notes()).toEqual(["hello"]);
    const [row] = await db.sql<{ answer: Buffer }>("select answer from idempotency_keys where workspace_id = $1", [
      workspaceId,
    ]);
    expect(row?.answer.toString("latin1")).not.toContain(id);
  });

  test("refuses another body under the same key", async () => {
    await ask(handler(), { headers: key });
    const other = await ask(handler(), { headers: key, body: { text: "other" } });
    expect([other.status, other.body.error]).toEqual([409, "idempotency_conflict"]);
  });

  test("while it runs, refuses a second: come back in a second", async () => {
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      behaviour = () => {
        resolve();
        return held;
      };
    });
    const first = ask(handler(), { headers: key });
    await begun;
    const second = await ask(handler(), { headers: key });
    expect([second.status, second.body.error, second.headers.get("retry-after")]).toEqual([409, "conflict", "1"]);
    go();
    expect((await first).status).toBe(201);
    expect((await ask(handler(), { headers: key })).status).toBe(201);
    expect(await notes()).toEqual(["hello"]);
  });

  test("keeps a refusal, undoes what it had begun, and says the same again", async () => {
    behaviour = () => Promise.reject(new AppError("conflict", "There is one."));
    const first = await ask(handler(), { headers: key });
    behaviour = async () => undefined;
    const again = await ask(handler(), { headers: key });
    expect([again.status, again.body]).toEqual([409, first.body]);
    expect(await notes()).toEqual([]);
    const invalid = { headers: { "x-idempotency-key": "invalid" }, body: { text: 1 } };
    expect((await ask(handler(), invalid)).body).toEqual((await ask(handler(), invalid)).body);
  });

  test.each([
    ["our own faults", () => new Error("flooded")],
    ["429", () => new AppError("rate_limited")],
  ])("does not keep %s", async (_what, fault) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    behaviour = () => Promise.reject(fault());
    expect((await ask(handler(), { headers: key })).status).toBeGreaterThanOrEqual(429);
    behaviour = async () => undefined;
    expect((await ask(handler(), { headers: key })).status).toBe(201);
    expect(await notes()).toEqual(["hello"]);
  });

  test("forgets after 24 hours", async () => {
    await ask(handler(), { headers: key });
    await db.sql("update idempotency_keys set created_at = now() - interval '25 hours' where workspace_id = $1", [
      workspaceId,
    ]);
    expect((await ask(handler(), { headers: key, body: { text: "other" } })).status).toBe(201);
    expect((await notes()).sort()).toEqual(["hello", "other"]);
  });
});

test("whoever called out and died is taken over after a minute, by the same body only", async () => {
  const key = { "x-idempotency-key": "died" };
  await ask(callingOut, { headers: key });
  const age = (seconds: number) =>
    db.sql(
      "update idempotency_keys set status = null, answer = null, created_at = now() - make_interval(secs => $2) where workspace_id = $1",
      [workspaceId, seconds],
    );
  await age(50);
  expect((await ask(callingOut, { headers: key })).status).toBe(409);
  await age(61);
  expect((await ask(callingOut, { headers: key, body: { text: "other" } })).body.error).toBe("idempotency_conflict");
  expect((await ask(callingOut, { headers: key })).status).toBe(201);
});

test("a key made with an idempotency key is shown again to who may make keys, and to nobody else", async () => {
  const request = { headers: { "x-idempotency-key": "new-key" }, body: { kind: "secret", name: "CI" } };
  const first = await ask(serve(createKeyOperation), request);
  expect([first.status, first.body.key]).toEqual([201, expect.stringMatching(/^gflux_secret_live_/)]);
  expect((await ask(serve(createKeyOperation), request)).body.key).toBe(first.body.key);
  const narrow = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret: narrow, scopes: ["sends:read"] });
  const stranger = { ...request, headers: { ...request.headers, authorization: `Bearer ${narrow}` } };
  expect((await ask(serve(createKeyOperation), stranger)).status).toBe(403);
  const page = await ask(serve(listKeysOperation), { method: "GET", query: "?limit=1" });
  expect([page.status, page.body.data.length]).toEqual([200, 1]);
  expect((await ask(serve(listKeysOperation), { method: "GET", query: "?limt=1" })).body.detail).toContain(
    "Did you mean limit?",
  );
  expect((await ask(serve(revokeKeyOperation), { method: "DELETE", params: { id: first.body.id } })).status).toBe(204);
  expect((await ask(serve(revokeKeyOperation), { method: "DELETE", params: { id: "nonsense" } })).status).toBe(404);
});

test("a path without parameters is served, though Next hands it none", async () => {
  const bare = serve({ ...noteOperation, id: "bare", path: "/v1/notes" });
  const request = new Request("http://localhost/v1/notes", {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify({ id: newId(), text: "hello" }),
  });
  // What Next does at run time; its types say otherwise.
  const params = Promise.resolve(undefined as unknown as Record<string, string>);
  expect((await bare(request, { params })).status).toBe(201);
});
