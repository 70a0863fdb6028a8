import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { newId, newSecret } from "../ids";
import { makeApiKey, makeWorkspace } from "../testing/factory";
import { bumpVersion } from "../workspaces";
import { type Door, openFrontDoor, routeDoor } from "./testing/doors";

let front: Awaited<ReturnType<typeof openFrontDoor>>;
const doors: Record<string, () => Door> = { "the front door": () => front, "the route modules": routeDoor };

let workspaceId: string;
let secret: string;
let publishable: string;

beforeAll(async () => {
  front = await openFrontDoor();
});
afterAll(() => front.close());

beforeEach(async () => {
  process.env.RATE_LIMIT = "off";
  forgetEnv();
  workspaceId = (await makeWorkspace(db)).id;
  secret = `gflux_secret_live_${newSecret()}`;
  publishable = `gflux_pub_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret });
  await makeApiKey(db, { workspaceId, secret: publishable, kind: "publishable" });
});

const event = { event: "signed_up", external_id: "user_1" };
const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const stored = () =>
  db.sql<{ name: string; source: string }>("select name, source from events where workspace_id = $1 order by id", [
    workspaceId,
  ]);
const told = async (answer: Promise<Response>) => {
  const response = await answer;
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
};

describe.each(Object.entries(doors))("through %s", (_name, door) => {
  const ask = (path: string, init: RequestInit) => told(door().ask(path, init));

  test("an event is accepted once it is on disk", async () => {
    const { status, body, headers } = await ask("/v1/events", post(event, { "x-request-id": "mine-1" }));
    expect(status).toBe(202);
    expect(body).toEqual({ accepted: 1, rejected: 0, request_id: "mine-1" });
    expect(headers.get("x-request-id")).toBe("mine-1");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(await stored()).toEqual([{ name: "signed_up", source: "server" }]);
  });

  test("a key may come in the query, and a body as text/plain, as browsers' beacons send it", async () => {
    const init = { method: "POST", body: JSON.stringify(event), headers: { "content-type": "text/plain" } };
    expect((await ask(`/v1/events?api_key=${publishable}`, init)).status).toBe(202);
    expect(await stored()).toEqual([{ name: "signed_up", source: "browser" }]);
  });

  test("a browser is told before it sends that it may", async () => {
    for (const path of ["/v1/events", "/v1/events/batch", "/v1/identify"]) {
      const { status, headers } = await ask(path, { method: "OPTIONS", headers: { origin: "https://shop.example" } });
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-headers")).toMatch(/Authorization.*X-Idempotency-Key/);
    }
  });

  test("no key, an unknown one and a revoked one are refused; the revoked one from the next request on", async () => {
    expect((await ask("/v1/events", post(event, { authorization: "" }))).body.error).toBe("unauthenticated");
    const unknown = post(event, { authorization: `Bearer gflux_secret_live_${newSecret()}` });
    expect((await ask("/v1/events", unknown)).status).toBe(401);
    expect((await ask("/v1/events", post(event))).status).toBe(202);
    await db.sql("update api_keys set revoked_at = now() where workspace_id = $1", [workspaceId]);
    await bumpVersion(db, systemTenant(workspaceId));
    expect(await ask("/v1/events", post(event))).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
    expect(await stored()).toHaveLength(1);
  });

  test("a secret key without the scope is refused", async () => {
    const narrow = `gflux_secret_live_${newSecret()}`;
    await makeApiKey(db, { workspaceId, secret: narrow, scopes: ["sends:read"] });
    const { status, body } = await ask("/v1/events", post(event, { authorization: `Bearer ${narrow}` }));
    expect([status, body.error]).toEqual([403, "insufficient_scope"]);
  });

  test("a user_id needs a secret key", async () => {
    const { status, body } = await ask(
      "/v1/events",
      post({ event: "renewed", user_id: newId() }, { authorization: `Bearer ${publishable}` }),
    );
    expect([status, body.error, body.received]).toEqual([403, "wrong_key_type", "publishable"]);
  });

  test.each([
    ["no JSON", "{", "body"],
    ["a list", "[]", "body"],
    ["no name", { external_id: "u" }, "event"],
    ["a name in capitals", { event: "SignedUp", external_id: "u" }, "event"],
    ["a name of 65 letters", { event: "a".repeat(65), external_id: "u" }, "event"],
    ["no id", { event: "viewed" }, "external_id"],
    ["an empty id", { event: "viewed", external_id: "" }, "external_id"],
    ["an id that is no text", { event: "viewed", external_id: 7 }, "external_id"],
    ["a long id", { event: "viewed", external_id: "u".repeat(256) }, "external_id"],
    ["an unknown user_id", { event: "viewed", user_id: newId() }, "user_id"],
    ["a user_id that is none", { event: "viewed", user_id: "user_42" }, "user_id"],
    [
      "33 properties",
      { ...event, properties: Object.fromEntries([...Array(33)].map((_, n) => [`p${n}`, n])) },
      "properties",
    ],
    ["properties in a list", { ...event, properties: [] }, "properties"],
    ["a time without a zone", { ...event, timestamp: "2026-11-21T09:30:00" }, "timestamp"],
    ["a time in two days", { ...event, timestamp: new Date(Date.now() + 172_800_000).toISOString() }, "timestamp"],
    ["a time before 1970", { ...event, timestamp: "1969-12-31T23:59:59Z" }, "timestamp"],
    ["U+0000", { ...event, properties: { a: ["\u0000"] } }, "U+0000"],
    ["half a surrogate pair", `{"event":"viewed","external_id":"\\ud800"}`, "surrogate"],
    ["bottomless nesting", { ...event, properties: { a: JSON.parse("[".repeat(50) + "]".repeat(50)) } }, "deep"],
    ["an idempotency key of 256", { ...event, __key: "k".repeat(256) }, "idempotency"],
  ])("%s is a validation_error that says where", async (_what, given, where) => {
    const key: Record<string, string> =
      typeof given === "object" && "__key" in given ? { "x-idempotency-key": String(given.__key) } : {};
    const { status, body } = await ask("/v1/events", post(given, key));
    expect([status, body.error]).toEqual([400, "validation_error"]);
    expect(JSON.stringify(body).toLowerCase()).toContain(where.toLowerCase());
    expect(await stored()).toEqual([]);
  });

  test("a day ahead and years ago are fine, unknown keys and null are passed over", async () => {
    const times = [new Date(Date.now() + 86_000_000).toISOString(), "1999-01-01T00:00:00+02:00"];
    for (const timestamp of times)
      expect((await ask("/v1/events", post({ ...event, timestamp, extra: 1, anonymous_id: null }))).status).toBe(202);
  });

  test("32 KB of event and 256 KB of batch are the limit, with and without a length", async () => {
    const large = { ...event, properties: { text: "x".repeat(33_000) } };
    expect(await ask("/v1/events", post(large))).toMatchObject({ status: 413, body: { error: "payload_too_large" } });
    expect((await ask("/v1/identify", post({ external_id: "u", traits: { a: "x".repeat(33_000) } }))).status).toBe(413);
    const batch = { events: [event, large] };
    expect((await ask("/v1/events/batch", post(batch))).body).toMatchObject({
      accepted: 1,
      rejected: 1,
      errors: [{ index: 1, error: "payload_too_large" }],
    });
    const huge = JSON.stringify({ events: Array.from({ length: 9 }, () => large) });
    const pieces = new ReadableStream({
      start(controller) {
        for (let at = 0; at < huge.length; at += 10_000)
          controller.enqueue(new TextEncoder().encode(huge.slice(at, at + 10_000)));
        controller.close();
      },
    });
    const streamed = { ...post(""), body: pieces, duplex: "half" } as RequestInit;
    expect((await ask("/v1/events/batch", streamed)).status).toBe(413);
  });

  test("a batch stores what is right and names what is wrong", async () => {
    const events = [event, { event: "No" }, { ...event, event: "$identify", traits: { plan: "pro" } }, null];
    const { status, body } = await ask("/v1/events/batch", post({ events }));
    expect(status).toBe(202);
    expect(body).toEqual({
      accepted: 2,
      rejected: 2,
      errors: [
        { index: 1, error: "validation_error", detail: expect.stringContaining("event") },
        { index: 3, error: "validation_error", detail: expect.any(String) },
      ],
      request_id: expect.stringMatching(/^req_/),
    });
    expect((await stored()).map(({ name }) => name)).toEqual(["signed_up", "$identify"]);
    for (const wrong of [{}, { events: [] }, { events: Array.from({ length: 101 }, () => event) }, { events: {} }])
      expect((await ask("/v1/events/batch", post(wrong))).body.error).toBe("validation_error");
  });

  test("identify sets and removes traits", async () => {
    const person = { external_id: "user_7", traits: { email: "Ada@Example.com", plan: "pro" } };
    expect((await ask("/v1/identify", post(person))).body).toMatchObject({ accepted: 1 });
    expect((await ask("/v1/identify", post({ external_id: "user_7", traits: { plan: null } }))).status).toBe(202);
    const [row] = await db.sql("select traits from profiles where workspace_id = $1", [workspaceId]);
    expect(row).toEqual({ traits: { email: "ada@example.com" } });
    const wrong = { external_id: "user_7", traits: { email: "Ada <ada@example.com>" } };
    expect((await ask("/v1/identify", post(wrong))).body.fields).toHaveProperty(["traits.email"]);
    expect((await ask("/v1/identify", post({ traits: {} }))).body.error).toBe("validation_error");
  });

  test("a repeated idempotency key gives the stored answer and does nothing; another body is a conflict", async () => {
    const key = { "x-idempotency-key": `k-${newId()}` };
    const first = await ask("/v1/events/batch", post({ events: [event, { event: "No" }] }, key));
    const again = await ask("/v1/events/batch", post({ events: [event, { event: "No" }] }, key));
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(await stored()).toHaveLength(1);
    const other = await ask("/v1/events/batch", post({ events: [event] }, key));
    expect([other.status, other.body.error]).toEqual([409, "idempotency_conflict"]);
    // Another path is another scope.
    expect((await ask("/v1/events", post(event, key))).status).toBe(202);
    expect(await stored()).toHaveLength(2);
  });

  test("a refusal is kept under its idempotency key too", async () => {
    const key = { "x-idempotency-key": "refused" };
    const first = await ask("/v1/events", post({ event: "No" }, key));
    expect(first.status).toBe(400);
    expect((await ask("/v1/events", post({ event: "No" }, key))).body).toEqual(first.body);
    expect((await ask("/v1/events", post(event, key))).body.error).toBe("idempotency_conflict");
  });

  test("many requests with one key at the same time do it once", async () => {
    const key = { "x-idempotency-key": "at-once" };
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask("/v1/events", post(event, key))));
    expect(await stored()).toHaveLength(1);
    const kinds = new Set(answers.map(({ status, body }) => `${status} ${body.error ?? ""}`.trim()));
    expect([...kinds].filter((kind) => kind !== "202" && kind !== "409 conflict")).toEqual([]);
    expect(answers.some(({ status }) => status === 202)).toBe(true);
    const running = answers.find(({ status }) => status === 409);
    if (running) expect(running.headers.get("retry-after")).toBe("1");
  });

  test("the answer lies sealed", async () => {
    await ask("/v1/events", post(event, { "x-idempotency-key": "sealed", "x-request-id": "find-me" }));
    const [row] = await db.sql<{ answer: Buffer }>("select answer from idempotency_keys where workspace_id = $1", [
      workspaceId,
    ]);
    expect(row?.answer.toString("latin1")).not.toContain("find-me");
  });

  test("beyond its rate a workspace is told when to come back; a publishable key has a fifth of its own", async () => {
    process.env.RATE_LIMIT = "10/20";
    forgetEnv();
    const batch = (size: number, authorization = `Bearer ${secret}`) =>
      ask("/v1/events/batch", post({ events: Array.from({ length: size }, () => event) }, { authorization }));
    const first = await batch(15);
    expect(first.status).toBe(202);
    expect(first.headers.get("x-ratelimit-limit")).toBe("20");
    expect(Number(first.headers.get("x-ratelimit-remaining"))).toBeLessThanOrEqual(6);
    const refused = await batch(15);
    expect([refused.status, refused.body.error]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers.get("x-ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000);
    const own = await batch(4, `Bearer ${publishable}`);
    expect([own.status, own.headers.get("x-ratelimit-limit")]).toEqual([202, "4"]);
    expect((await batch(4, `Bearer ${publishable}`)).status).toBe(429);
  });

  test("a batch that is larger than the burst passes when the bucket is full, and then owes", async () => {
    process.env.RATE_LIMIT = "5/10";
    forgetEnv();
    const body = { events: Array.from({ length: 30 }, () => event) };
    expect((await ask("/v1/events/batch", post(body))).status).toBe(202);
    expect((await ask("/v1/events", post(event))).status).toBe(429);
  });

  test("without the database nothing is accepted, and the caller may try again", async () => {
    const spy = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect((await ask("/v1/events", post(event))).status).toBe(202);
    await db.sql("alter table events rename to events_away");
    const answer = await ask("/v1/events", post(event));
    await db.sql("alter table events_away rename to events");
    expect([answer.status, answer.body.error]).toEqual([503, "server_error"]);
    expect(JSON.stringify(answer.body)).not.toMatch(/relation|stack|sql/i);
    expect(answer.headers.get("retry-after")).not.toBeNull();
    expect(spy).toHaveBeenCalled();
    expect((await ask("/v1/events", post(event))).status).toBe(202);
  });
});

test("a body that stops coming is answered 408", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { port } = new URL(front.url);
    const socket = connect(Number(port), "127.0.0.1");
    const heard = new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 99\r\n\r\n{"ev`,
    );
    let answer: string | undefined;
    heard.then((text) => {
      answer = text;
    });
    while (answer === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"error":"timeout"');
    socket.destroy();
  } finally {
    vi.useRealTimers();
  }
});
