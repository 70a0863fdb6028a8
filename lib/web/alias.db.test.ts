import { beforeEach, expect, test } from "vitest";
import { POST } from "../../app/v1/identify/alias/route";
import { systemTenant } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { newSecret } from "../ids";
import { findProfile } from "../profiles";
import { makeApiKey, makeProfile, makeWorkspace } from "../testing/factory";

let workspaceId: string;
let secret: string;
let person: string;
let visitor: string;

beforeEach(async () => {
  process.env.RATE_LIMIT = "off";
  forgetEnv();
  workspaceId = (await makeWorkspace(db)).id;
  secret = (await makeApiKey(db, { workspaceId })).secret;
  person = (await makeProfile(db, { workspaceId, externalId: "user_42" })).id;
  visitor = (await makeProfile(db, { workspaceId, externalId: null, anonymousIds: ["anon_a8f3c2"] })).id;
});

const good = { user_id: "user_42", anonymous_id: "anon_a8f3c2" };
const ask = async (body: unknown, { key = secret, headers = {} }: { key?: string; headers?: object } = {}) => {
  const answer = await POST(
    new Request("http://localhost/v1/identify/alias", {
      method: "POST",
      headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }), ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
    { params: Promise.resolve({}) },
  );
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
};
const survivorOf = async (id: string, of = workspaceId) => (await findProfile(db, systemTenant(of), id))?.id;

test("an alias folds the visitor into the person named and says when", async () => {
  const { status, body } = await ask({ ...good, request_id: "ticket-7", strange: true });
  expect(status).toBe(200);
  expect(body).toEqual({ alias: { ...good, merged_at: expect.stringMatching(/Z$/) }, request_id: "ticket-7" });
  for (const id of [visitor, "anon_a8f3c2", "user_42"]) expect(await survivorOf(id)).toBe(person);
});

test("only a secret key may say so, and only one with the scope", async () => {
  const publishable = `gflux_pub_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret: publishable, kind: "publishable" });
  const refused = await ask(good, { key: publishable });
  expect(refused).toMatchObject({ status: 403, body: { error: "wrong_key_type", received: "publishable" } });
  const { secret: narrow } = await makeApiKey(db, { workspaceId, scopes: ["events:write"] });
  expect(await ask(good, { key: narrow })).toMatchObject({ status: 403, body: { error: "insufficient_scope" } });
  expect(await ask(good, { key: "" })).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
  expect(await survivorOf(visitor)).toBe(visitor);
});

test.each([
  [{ anonymous_id: "a" }, "user_id"],
  [{ user_id: "", anonymous_id: "a" }, "user_id"],
  [{ user_id: 42, anonymous_id: "a" }, "user_id"],
  [{ user_id: "u", anonymous_id: "x".repeat(256) }, "anonymous_id"],
])("%j is not an alias: %s", async (body, field) => {
  const { status, body: said } = await ask(body);
  expect([status, said.error, Object.keys(said.fields)]).toEqual([400, "validation_error", [field]]);
});

test.each([{ user_id: "u" }, [], "{", { user_id: "u\u0000", anonymous_id: "a" }])(
  "%j is not an alias",
  async (body) => {
    expect(await ask(body)).toMatchObject({ status: 400, body: { error: "validation_error" } });
  },
);

test("a body that is too large, and one call too many, are refused as everywhere", async () => {
  expect((await ask({ ...good, more: "x".repeat(1_100_000) })).status).toBe(413);
  process.env.RATE_LIMIT = "1/1";
  forgetEnv();
  const statuses = [(await ask(good)).status, (await ask(good)).status, (await ask(good)).status];
  expect(statuses).toContain(429);
});

test("what belongs to another identified person is a conflict that names both", async () => {
  const other = await makeProfile(db, { workspaceId, externalId: "user_7", anonymousIds: ["anon_7"] });
  const { status, body } = await ask({ user_id: "user_42", anonymous_id: "anon_7" });
  expect(status).toBe(409);
  expect(body).toMatchObject({ error: "alias_conflict", profiles: [person, other.id] });
  expect(await survivorOf("anon_7")).toBe(other.id);
});

test("the same ids in another workspace are other people", async () => {
  const { id: elsewhere } = await makeWorkspace(db);
  const theirs = await makeProfile(db, {
    workspaceId: elsewhere,
    externalId: "user_42",
    anonymousIds: ["anon_a8f3c2"],
  });
  await ask(good);
  expect(await survivorOf("anon_a8f3c2", elsewhere)).toBe(theirs.id);
  expect((await ask({ user_id: theirs.id, anonymous_id: "anon_a8f3c2" })).status).toBe(409);
});

test("a repeated request with its key gets the first answer again; with another body it is refused", async () => {
  const headers = { "x-idempotency-key": "once" };
  const [first, again] = [await ask(good, { headers }), await ask(good, { headers })];
  expect(again.body).toEqual(first.body);
  const audited = await db.sql("select 1 from audit_entries where workspace_id = $1", [workspaceId]);
  expect(audited).toHaveLength(1);
  expect(await ask({ ...good, user_id: "user_9" }, { headers })).toMatchObject({
    status: 409,
    body: { error: "idempotency_conflict" },
  });
});
