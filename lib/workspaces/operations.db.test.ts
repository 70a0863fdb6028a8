import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { db } from "../db";
import { makeApiKey, makeWorkspace } from "../testing/factory";
import { type Handler, serve } from "../web/route";
import { createKeyOperation, listKeysOperation, revokeKeyOperation } from "./operations";

const [create, list, revoke] = [serve(createKeyOperation), serve(listKeysOperation), serve(revokeKeyOperation)];

let workspaceId: string;
let secret: string;
let foreignWorkspaceId: string;
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  foreignWorkspaceId = (await makeWorkspace(db)).id;
  secret = (await makeApiKey(db, { workspaceId })).secret;
});
beforeEach(() => db.prisma.rateBucket.deleteMany());

type Call = {
  method?: string;
  key?: string | null;
  body?: unknown;
  params?: Record<string, string>;
  query?: string;
  headers?: object;
};

async function call(
  handler: Handler,
  { method = "GET", key = secret, body, params = {}, query = "", headers = {} }: Call,
) {
  const request = new Request(`http://localhost/v1/x${query}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await handler(request, { params: Promise.resolve({ project_id: workspaceId, ...params }) });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}
const post = (body: unknown, more: Call = {}) => call(create, { method: "POST", body, ...more });
const remove = (id: string, more: Call = {}) => call(revoke, { method: "DELETE", params: { id }, ...more });

describe("the doors of keys", () => {
  test("201, 200 and 204: a key is made, listed without its secret, and revoked", async () => {
    const made = await post({ kind: "secret", name: "Backend", scopes: ["sends:read"] });
    expect(made).toMatchObject({
      status: 201,
      body: { project_id: workspaceId, kind: "secret", scopes: ["sends:read"], last_used_at: null },
    });
    const listed = await call(list, { query: "?limit=1" });
    expect(listed).toMatchObject({ status: 200, body: { data: [{ id: made.body.id }], next_cursor: made.body.id } });
    expect(JSON.stringify(listed.body)).not.toContain(made.body.key);
    expect(await remove(made.body.id)).toEqual({ status: 204, body: null });
    expect(await call(list, { key: made.body.key })).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
  });

  test("a repeated idempotency key gives the same key again", async () => {
    const headers = { "x-idempotency-key": "once" };
    const [first, second] = [
      await post({ kind: "secret", name: "Once" }, { headers }),
      await post({ kind: "secret", name: "Once" }, { headers }),
    ];
    expect(second.body.key).toBe(first.body.key);
  });

  test("400 for what is not a key, with the nearest known name", async () => {
    expect(await post({ kind: "secret" })).toMatchObject({
      status: 400,
      body: { error: "validation_error", fields: { name: [expect.any(String)] } },
    });
    expect(await post({ kind: "secret", name: "x", scope: [] })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("scopes") },
    });
    expect(await post({ kind: "publishable", name: "x", scopes: ["sends:read"] })).toMatchObject({ status: 400 });
    expect(await call(list, { query: "?limit=201" })).toMatchObject({ status: 400 });
  });

  test("401 without a key, with one that nobody made, and with a revoked one", async () => {
    const revoked = await makeApiKey(db, { workspaceId, revokedAt: new Date() });
    for (const key of [null, `gflux_secret_live_${"x".repeat(32)}`, revoked.secret])
      for (const answer of [await post({}, { key }), await call(list, { key }), await remove("x", { key })])
        expect(answer).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
  });

  test("403 for a publishable key and for a key without the scope", async () => {
    const publishable = await makeApiKey(db, {
      workspaceId,
      kind: "publishable",
      secret: `gflux_pub_live_${"p".repeat(32)}`,
    });
    const scoped = await makeApiKey(db, { workspaceId, scopes: ["sends:read"] });
    const body = { kind: "secret", name: "x" };
    for (const [key, error] of [
      [publishable.secret, "wrong_key_type"],
      [scoped.secret, "insufficient_scope"],
    ] as const)
      for (const answer of [await post(body, { key }), await call(list, { key }), await remove("x", { key })])
        expect(answer).toMatchObject({ status: 403, body: { error } });
  });

  test("404 for another workspace and its keys", async () => {
    const params = { project_id: foreignWorkspaceId };
    const foreign = await makeApiKey(db, { workspaceId: foreignWorkspaceId });
    expect(await post({ kind: "secret", name: "x" }, { params })).toMatchObject({ status: 404 });
    expect(await call(list, { params })).toMatchObject({ status: 404 });
    expect(await remove(foreign.id)).toMatchObject({ status: 404, body: { error: "not_found" } });
    expect(await remove("not-an-id")).toMatchObject({ status: 404 });
  });

  test("413 for more than anyone has to say", async () => {
    expect(await post({ kind: "secret", name: "x".repeat(1024 * 1024) })).toMatchObject({
      status: 413,
      body: { error: "payload_too_large" },
    });
  });
});
