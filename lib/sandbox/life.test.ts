import { afterAll, beforeAll, expect, test } from "vitest";
import { Impossible, type Sandbox, startSandbox } from "./index";
import { rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, deliverAfterMs: 20, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

let worlds = 0;
const newWorld = () => sandbox.world(`life-${++worlds}`);
const letter = {
  From: "news@example.com",
  Subject: "Hi",
  TextBody: "See https://shop.example/sale.",
  TrackOpens: true,
};
const send = async (world: World, To: string, change: object = {}) => {
  const body = { ...letter, To, ...change };
  const answer = await rawCall(`${world.apiUrl}/email`, { token: world.serverToken, body });
  return String(Object(answer.json).MessageID);
};
const call = (world: World, path: string, body?: unknown, method?: string) =>
  rawCall(`${world.apiUrl}${path}`, { token: world.serverToken, body, method });

const addresses: [string, string, string[]][] = [
  ["anybody@example.org", "delivered", ["Delivered"]],
  ["sink@blackhole.postmarkapp.com", "delivered", ["Delivered"]],
  ["hardbounce@bounce-testing.postmarkapp.com", "bounced", ["Bounced"]],
  ["soft_bounce@bounce-testing.postmarkapp.com", "bounced", ["Bounced"]],
  ["nonsense@bounce-testing.postmarkapp.com", "bounced", ["Bounced"]],
  ["hard+a@emu.example.com", "bounced", ["Bounced"]],
  ["soft+a@emu.example.com", "bounced", ["Bounced"]],
  ["transient+a@emu.example.com", "delayed", ["Transient"]],
  ["slow+a@emu.example.com", "delivered", ["Transient", "Delivered"]],
  ["open+a@emu.example.com", "opened", ["Delivered", "Opened"]],
  ["click+a@emu.example.com", "clicked", ["Delivered", "Opened", "LinkClicked"]],
  ["complain+a@emu.example.com", "complained", ["Delivered", "SpamComplaint"]],
  ["unsub+a@emu.example.com", "unsubscribed", ["Delivered", "SubscriptionChanged"]],
  ["never+a@emu.example.com", "queued", []],
];
test.each(addresses)("a mail to %s ends %s", async (address, status, events) => {
  const world = newWorld();
  const id = await send(world, address, { TrackLinks: "HtmlAndText" });
  await world.idle();
  expect(world.message(id)?.status).toBe(status);
  expect(world.message(id)?.events.map((e) => e.type)).toEqual(events);
});

test("bounce testing works in To only, and by header", async () => {
  const world = newWorld();
  const copied = await send(world, "ana@example.com", { Cc: "hardbounce@bounce-testing.postmarkapp.com" });
  const byHeader = await send(world, "x@bounce-testing.postmarkapp.com", {
    Headers: [{ Name: "X-PM-Bounce-Type", Value: "SoftBounce" }],
  });
  await world.idle();
  expect(world.message(copied)?.status).toBe("delivered");
  const bounces = await call(world, "/bounces?count=5&offset=0");
  expect(bounces.json).toMatchObject({ TotalCount: 1, Bounces: [{ MessageID: byHeader, Type: "SoftBounce" }] });
});

test("a hard bounce suppresses the address on its stream, and activating it lifts that", async () => {
  const world = newWorld();
  const address = "hard+b@emu.example.com";
  await send(world, address, { MessageStream: "broadcast" });
  await world.idle();
  expect(world.suppressions("broadcast")).toMatchObject([{ email: address, reason: "HardBounce" }]);
  expect(world.suppressions("outbound")).toEqual([]);
  expect((await call(world, "/deliverystats")).json).toMatchObject({ InactiveMails: 1, Bounces: [{ Count: 1 }, {}] });
  expect((await call(world, "/bounces?count=5&offset=0")).json).toMatchObject({ TotalCount: 0 });
  const list = Object((await call(world, "/bounces?count=5&offset=0&messagestream=broadcast&type=hardbounce")).json);
  const { ID } = list.Bounces[0];
  expect((await call(world, `/bounces/${ID}/activate`, undefined, "PUT")).json).toMatchObject({
    Message: "OK",
    Bounce: { Inactive: false },
  });
  expect(world.suppressions("broadcast")).toEqual([]);
  expect((await call(world, `/bounces/${ID}/dump`)).json).toMatchObject({ Body: expect.stringContaining(address) });
  expect((await call(world, "/bounces/5")).json).toMatchObject({ ErrorCode: 1001 });
  expect((await call(world, "/bounces")).json).toMatchObject({ ErrorCode: 1000 });
});

test("a complaint cannot be deleted or reactivated, an unknown address is deleted gladly", async () => {
  const world = newWorld();
  const id = await send(world, "angry@example.com");
  world.act(id, "complaint");
  world.addSuppression({ stream: "outbound", email: "optout@example.com", origin: "Recipient" });
  world.addSuppression({ stream: "outbound", email: "blocked@example.com" });
  world.settings({ consistencyDelayMs: 0 });
  const Suppressions = ["angry", "never", "optout", "blocked"].map((n) => ({ EmailAddress: `${n}@example.com` }));
  const answer = await call(world, "/message-streams/outbound/suppressions/delete", { Suppressions });
  expect(answer.status).toBe(200);
  expect(Object(answer.json).Suppressions.map((s: { Status: string }) => s.Status)).toEqual([
    "Failed",
    "Deleted",
    "Failed",
    "Deleted",
  ]);
  const bounces = Object((await call(world, "/bounces?count=5&offset=0")).json).Bounces;
  expect((await call(world, `/bounces/${bounces[0].ID}/activate`, undefined, "PUT")).json).toMatchObject({
    ErrorCode: 1003,
  });
});

test("suppressions made through the API are seen by sends and dumps after the delay", async () => {
  const world = newWorld();
  world.settings({ consistencyDelayMs: 5000 });
  const path = "/message-streams/outbound/suppressions";
  const body = { Suppressions: [{ EmailAddress: "Late@example.com" }, { EmailAddress: "no address" }] };
  expect((await call(world, path, body)).json).toMatchObject({
    Suppressions: [{ Status: "Suppressed" }, { Status: "Failed" }],
  });
  const dump = async (query = "") => Object((await call(world, `${path}/dump${query}`)).json).Suppressions;
  expect(await dump()).toEqual([]);
  expect(await send(world, "late@example.com")).not.toBe("undefined");
  await world.advance(5000);
  expect(await dump("?origin=customer&suppressionreason=manualsuppression")).toMatchObject([
    { EmailAddress: "late@example.com", SuppressionReason: "ManualSuppression", Origin: "Customer" },
  ]);
  expect(await send(world, "late@example.com")).toBe("undefined");
  expect((await call(world, `${path}/dump?suppressionreason=x`)).json).toMatchObject({ ErrorCode: 1404 });
  const many = { Suppressions: Array.from({ length: 51 }, (_, i) => ({ EmailAddress: `p${i}@example.com` })) };
  expect((await call(world, path, many)).json).toMatchObject({ ErrorCode: 1410 });
  expect((await call(world, path, {})).json).toMatchObject({ ErrorCode: 1409 });
  expect((await call(world, "/message-streams/nope/suppressions/dump")).json).toMatchObject({ ErrorCode: 1226 });
});

test("a paused account takes mail, shows it nowhere, and lets it go when released", async () => {
  const world = newWorld();
  world.settings({ accountPaused: true, pausedAnswer: "delayed" });
  const answer = await call(world, "/email", { ...letter, To: "ana@example.com", Metadata: { send_id: "p" } });
  expect(answer.json).not.toHaveProperty("ErrorCode");
  const id = Object(answer.json).MessageID;
  await world.idle();
  expect(world.message(id)?.status).toBe("held");
  const search = async () => (await call(world, "/messages/outbound?count=5&offset=0&metadata_send_id=p")).json;
  expect(await search()).toMatchObject({ TotalCount: 0 });
  expect((await call(world, `/messages/outbound/${id}/details`)).json).toMatchObject({ ErrorCode: 701 });
  world.settings({ accountPaused: false });
  await world.idle();
  expect(world.message(id)?.status).toBe("delivered");
  expect(await search()).toMatchObject({ TotalCount: 1 });
});

test("placeholders become links on every stream, and a broadcast without one gets a footer and headers", async () => {
  const world = newWorld();
  const html = '<body><a href="{{{ pm:unsubscribe }}}">Bye</a> {{{ pm:unsubscribe }}} {{{pm:unsubscribe_url}}}</body>';
  const bodies = { HtmlBody: html, TextBody: "Hello\n{{{ pm:unsubscribe }}}\nor {{{ pm:unsubscribe_url }}}" };
  const [transactional, broadcast] = [
    await send(world, "ana@example.com", bodies),
    await send(world, "ana@example.com", { ...bodies, MessageStream: "broadcast" }),
  ];
  const url = `${world.apiUrl}/emu/unsubscribe/${transactional}/0`;
  const stored = world.stored(transactional);
  expect(stored?.html).toContain(`<a href="${url}">Bye</a> <a href="${url}">Unsubscribe</a> ${url}`);
  expect(stored?.text).toBe(`Hello\nUnsubscribe: ${url}\nor ${url}`);
  expect(stored?.source).not.toContain("List-Unsubscribe");
  expect(world.stored(broadcast)?.source).toContain(`List-Unsubscribe: <${url.replace(transactional, broadcast)}>`);
  const bare = await send(world, "ana@example.com", { MessageStream: "broadcast", HtmlBody: "<body>Hi</body>" });
  expect(world.stored(bare)?.html).toMatch(/emu\/unsubscribe\/.*<\/body>$/);
  world.addStream({ id: "own", unsubscribe: "Custom" });
  const custom = await send(world, "ana@example.com", { ...bodies, MessageStream: "own" });
  expect(world.stored(custom)?.html).toContain("{{{ pm:unsubscribe }}}");
});

test("tracking changes the stored copy alone", async () => {
  const world = newWorld();
  const HtmlBody = '<a class="x" href="https://shop.example/sale">Sale</a><a href="mailto:a@b.example">Mail</a>';
  const id = await send(world, "ana@example.com", { HtmlBody, TrackLinks: "HtmlOnly" });
  expect(world.message(id)?.html).toBe(HtmlBody);
  expect(world.stored(id)?.html).toContain(`<a class="x" href="${world.apiUrl}/emu/click/${id}/0/0">`);
  expect(world.stored(id)?.html).toContain(`<img src="${world.apiUrl}/emu/open/${id}/0"`);
  expect(world.stored(id)?.text).toContain("https://shop.example/sale");
  await world.idle();
  expect((await rawCall(`${world.apiUrl}/emu/click/${id}/0/0`)).headers.location).toBe("https://shop.example/sale");
  await rawCall(`${world.apiUrl}/emu/open/${id}/0`);
  expect(world.message(id)?.events.map((e) => e.type)).toEqual(["Delivered", "LinkClicked", "Opened"]);
});

test("the unsubscribe page changes nothing on GET, unsubscribes on POST, and a second button undoes it", async () => {
  const world = newWorld();
  const id = await send(world, "ana@example.com", { MessageStream: "broadcast" });
  const url = `${world.apiUrl}/emu/unsubscribe/${id}/0`;
  expect((await rawCall(url)).text).toContain("<button>Unsubscribe</button>");
  expect(world.suppressions("broadcast")).toEqual([]);
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  await rawCall(url, { method: "POST", rawBody: "List-Unsubscribe=One-Click", headers: form });
  expect(world.suppressions("broadcast")).toMatchObject([{ reason: "ManualSuppression", origin: "Recipient" }]);
  await rawCall(url, { method: "POST", rawBody: "subscribe=again", headers: form });
  expect(world.suppressions("broadcast")).toEqual([]);
});

test("what cannot happen is refused with a sentence", async () => {
  const world = newWorld();
  const id = await send(world, "ana@example.com", { TrackOpens: false });
  expect(() => world.act(id, "open")).toThrow(Impossible);
  expect(() => world.act(id, "click")).toThrow("no tracked links");
  expect(() => world.act(id, "bounce", { recipient: "ben@example.com" })).toThrow("did not go to");
  expect(() => world.act("none", "bounce")).toThrow("no such message");
});
