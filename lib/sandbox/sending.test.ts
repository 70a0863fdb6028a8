import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { type RawCall, rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, deliverAfterMs: 10, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

let worlds = 0;
const newWorld = () => sandbox.world(`sending-${++worlds}`);
const letter = { From: "news@example.com", To: "ana@example.com", Subject: "Hi", TextBody: "Hello" };
const send = (world: World, body: unknown, more?: RawCall) =>
  rawCall(`${world.apiUrl}/email`, { token: world.serverToken, body, ...more });
const batch = (world: World, body: unknown) =>
  rawCall(`${world.apiUrl}/email/batch`, { token: world.serverToken, body });

test("a wrong method answers 405 with an empty body before any token is asked for", async () => {
  const answer = await rawCall(`${newWorld().apiUrl}/email`);
  expect([answer.status, answer.text]).toEqual([405, ""]);
});

test("a missing, wrong or account token answers 401 with code 10 in body and header", async () => {
  const world = newWorld();
  for (const token of [undefined, "nope", world.accountToken]) {
    const answer = await send(world, letter, { token });
    expect(answer.status).toBe(401);
    expect(answer.headers["x-pm-apierrorcode"]).toBe("10");
    expect(answer.json).toEqual({ ErrorCode: 10, Message: "Request does not contain a valid Server token." });
  }
  expect(world.outbox()).toEqual([]);
});

test("paths ignore case and a trailing slash; unknown ones answer 404", async () => {
  const world = newWorld();
  const token = world.serverToken;
  expect((await rawCall(`${world.apiUrl}/EMAIL/`, { token, body: letter })).status).toBe(200);
  expect((await rawCall(`${world.apiUrl}/nothing`, { token })).status).toBe(404);
});

test("missing headers answer 415, and come before a broken body", async () => {
  const world = newWorld();
  const headers: RawCall["headers"][] = [{ Accept: null }, { Accept: "text/html" }, { "Content-Type": "text/plain" }];
  for (const wrong of headers) expect((await send(world, letter, { headers: wrong })).status).toBe(415);
  expect((await send(world, undefined, { rawBody: "{", headers: { Accept: "*/*" } })).json).toMatchObject({
    ErrorCode: 402,
  });
});

test("more than 10 MB in a single send answers 413", async () => {
  const world = newWorld();
  const answer = await send(world, { ...letter, TextBody: "x".repeat(11 * 1024 * 1024) });
  expect(answer.status).toBe(413);
});

const refused: [string, object, number, string?][] = [
  ["a boolean sent as text", { TrackOpens: "true" }, 403, "Invalid request field(s): 'TrackOpens'."],
  ["several wrong types", { To: 1, Subject: false }, 403, "Invalid request field(s): 'To', 'Subject'."],
  ["metadata that is no text", { Metadata: { a: 1 } }, 403],
  ["an unknown stream", { MessageStream: "nope" }, 1235, "The 'MessageStream' provided does not exist on this server."],
  ["the inbound stream", { MessageStream: "inbound" }, 1236],
  ["a bad From", { From: "news" }, 300, "Invalid 'From' address: 'news'."],
  ["a bad To", { To: "ana@@example.com" }, 300, "Invalid 'To' address: 'ana@@example.com'."],
  [
    "a bad Cc",
    { Cc: "cleo" },
    300,
    "Error parsing 'Cc': Illegal email address 'cleo'. It must contain the '@' symbol.",
  ],
  ["a bad Reply-To", { ReplyTo: "nobody" }, 300],
  ["nobody", { To: "" }, 300, "Zero recipients specified"],
  ["51 recipients", { Bcc: Array.from({ length: 50 }, (_, i) => `p${i}@example.com`).join(",") }, 300],
  ["no body", { TextBody: null }, 300, "Provide either email TextBody or HtmlBody or both."],
  ["a long subject", { Subject: "x".repeat(2001) }, 300],
  ["a long tag", { Tag: "x".repeat(1001) }, 300],
  ["eleven metadata keys", { Metadata: Object.fromEntries([..."abcdefghijk"].map((k) => [k, "v"])) }, 300],
  ["a long metadata key", { Metadata: { [`k${"x".repeat(20)}`]: "v" } }, 300],
  ["a long metadata value", { Metadata: { k: "x".repeat(81) } }, 300],
  ["metadata keys that differ in case only", { Metadata: { a: "1", A: "2" } }, 300],
  ["an unknown TrackLinks", { TrackLinks: "Everything" }, 300],
  ["a forbidden attachment", { Attachments: [{ Name: "a.exe", Content: "AAAA", ContentType: "x/y" }] }, 411],
  ["an attachment that is not base64", { Attachments: [{ Name: "a.txt", Content: "?", ContentType: "x/y" }] }, 300],
  ["an unverified From domain", { From: "x@unverified.example" }, 400],
];
test.each(refused)("%s is refused with its code, with the test token too", async (_what, change, code, text) => {
  const world = newWorld();
  const answers = [await send(world, { ...letter, ...change })];
  // The test token knows no account, so a sender without signature passes.
  if (code !== 400) answers.push(await send(world, { ...letter, ...change }, { token: "POSTMARK_API_TEST" }));
  for (const answer of answers) {
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ ErrorCode: code, ...(text && { Message: text }) });
    expect(answer.headers["x-pm-apierrorcode"]).toBe(String(code));
  }
  expect(world.outbox()).toEqual([]);
});

test("the first failing check decides: stream before From before To", async () => {
  const world = newWorld();
  const all = { MessageStream: "nope", From: "bad", To: "bad", Subject: "x", TextBody: "x" };
  expect((await send(world, all)).json).toMatchObject({ ErrorCode: 1235 });
  expect((await send(world, { ...all, MessageStream: "outbound" })).json).toMatchObject({
    Message: "Invalid 'From' address: 'bad'.",
  });
});

test("a valid send with the test token is accepted and leaves nothing behind", async () => {
  const world = newWorld();
  const answer = await send(world, letter, { token: "POSTMARK_API_TEST" });
  expect(answer.json).toMatchObject({ ErrorCode: 0, Message: "Test job accepted", To: "ana@example.com" });
  expect(world.outbox()).toEqual([]);
  expect((await rawCall(`${world.apiUrl}/server`, { token: "POSTMARK_API_TEST" })).status).toBe(401);
});

test("an accepted message is in the outbox with everything that was given before the caller hears of it", async () => {
  const world = newWorld();
  const answer = await send(world, {
    ...letter,
    From: '"Shop, Inc." <news@example.com>',
    Cc: "Cleo <cleo@example.com>",
    Metadata: { send_id: "s1" },
    Tag: "welcome",
    Headers: [{ Name: "X-Campaign", Value: "42" }],
  });
  expect(answer.json).toMatchObject({ To: "ana@example.com", Cc: "Cleo <cleo@example.com>", ErrorCode: 0 });
  expect(answer.json).not.toHaveProperty("Bcc");
  const [stored] = world.outbox();
  expect(stored).toMatchObject({
    from: '"Shop, Inc." <news@example.com>',
    metadata: { send_id: "s1" },
    tag: "welcome",
    headers: [{ name: "X-Campaign", value: "42" }],
  });
  expect(Object(answer.json).MessageID).toBe(stored?.id);
  expect(Object(answer.json).SubmittedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{7}-0[45]:00$/);
});

test("a batch answers each item in order: 0, 406, 300, 400", async () => {
  const world = newWorld();
  world.settings({ unverifiedDomains: ["unverified.example.com"] });
  world.addSuppression({ stream: "broadcast", email: "old@example.com", reason: "HardBounce" });
  const item = { ...letter, MessageStream: "broadcast" };
  const answer = await batch(world, [
    item,
    { ...item, To: "old@example.com" },
    { ...item, To: "broken" },
    { ...item, From: "x@unverified.example.com" },
  ]);
  expect(answer.status).toBe(200);
  const items = answer.json as { ErrorCode: number; Message: string }[];
  expect(items.map((i) => i.ErrorCode)).toEqual([0, 406, 300, 400]);
  expect(items[1]?.Message).toMatch(/^You tried to send to a recipient that .*: old@example\.com\. .* $/);
  expect(Object.keys(items[1] ?? {})).toEqual(["ErrorCode", "Message"]);
  expect(world.outbox()).toHaveLength(1);
});

test("501 items answer 410, no array 403, an empty array an empty one, a wrong type anywhere fails the call", async () => {
  const world = newWorld();
  const answers = [
    await batch(world, Array(501).fill(letter)),
    await batch(world, { Messages: [] }),
    await batch(world, [letter, { ...letter, To: 5 }]),
  ];
  expect(answers.map((a) => Object(a.json).ErrorCode)).toEqual([410, 403, 403]);
  expect((await batch(world, [])).json).toEqual([]);
  expect(world.outbox()).toEqual([]);
  world.settings({ batchTypeErrors: "item" });
  expect((await batch(world, [letter, { ...letter, To: 5 }])).json).toMatchObject([
    { ErrorCode: 0 },
    { ErrorCode: 403 },
  ]);
  expect((await batch(world, [letter, { ...letter, MessageStream: "no" }])).json).toMatchObject([
    { ErrorCode: 0 },
    { ErrorCode: 1235 },
  ]);
  world.settings({ batchStreamErrors: "call" });
  expect((await batch(world, [letter, { ...letter, MessageStream: "no" }])).json).toMatchObject({ ErrorCode: 1235 });
});

test("some inactive recipients are skipped, all inactive are refused, and another stream does not care", async () => {
  const world = newWorld();
  world.addSuppression({ stream: "outbound", email: "Old@Example.com" });
  const two = { ...letter, To: "ana@example.com, OLD@example.com" };
  const some = await send(world, two);
  expect(some.status).toBe(200);
  expect(some.json).toMatchObject({
    ErrorCode: 0,
    Message: "Message OK, but will not deliver to these inactive addresses: old@example.com.",
  });
  world.addSuppression({ stream: "outbound", email: "ana@example.com" });
  const none = await send(world, two);
  expect(none.status).toBe(422);
  expect(none.json).toMatchObject({ ErrorCode: 406 });
  expect(Object(none.json).Message).toContain("Found inactive addresses: ana@example.com, old@example.com. ");
  expect((await send(world, { ...two, MessageStream: "broadcast" })).json).toMatchObject({ Message: "OK" });
  world.settings({ partialInactive: "error422WithMessageId" });
  const odd = await send(world, { ...letter, To: "new@example.com, old@example.com" });
  expect([odd.status, Object(odd.json).ErrorCode]).toEqual([422, 406]);
  expect(world.message(Object(odd.json).MessageID)).toBeDefined();
});

test("a pending account sends within the From domain only, a rejected one not at all, a strange address never", async () => {
  const world = newWorld();
  world.settings({ account: "pending" });
  expect((await send(world, { ...letter, To: "x@elsewhere.example" })).json).toMatchObject({ ErrorCode: 412 });
  expect((await send(world, letter)).status).toBe(200);
  world.settings({ account: "rejected" });
  expect((await send(world, letter)).json).toMatchObject({ ErrorCode: 413 });
  world.settings({ account: "approved", ipRefused: true });
  expect((await send(world, letter)).json).toMatchObject({ ErrorCode: 1480 });
  world.settings({ ipRefused: false, unconfirmedDomains: ["example.com"] });
  expect((await send(world, letter)).json).toMatchObject({ ErrorCode: 401 });
});

test("what the sandbox leaves out says so", async () => {
  const world = newWorld();
  const token = world.serverToken;
  const answer = await rawCall(`${world.apiUrl}/email/withTemplate`, { token, body: letter });
  expect([answer.status, Object(answer.json).Message]).toEqual([501, expect.stringContaining("Sandbox")]);
  expect((await rawCall(`${world.apiUrl}/email/bulk`, { token, body: {} })).json).toMatchObject({ ErrorCode: 14 });
});
