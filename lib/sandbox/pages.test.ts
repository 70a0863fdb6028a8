import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { rawCall } from "./raw-client";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 10, deliverAfterMs: 10 });
});
afterAll(() => sandbox.close());

const accept = { Accept: "text/html" };
const get = (url: string, headers: Record<string, string> = {}) => rawCall(url, { headers: { ...accept, ...headers } });
const post = (url: string, form: Record<string, string>) =>
  rawCall(url, {
    method: "POST",
    rawBody: new URLSearchParams(form).toString(),
    headers: { ...accept, "Content-Type": "application/x-www-form-urlencoded" },
  });
const send = async (name: string, change: object = {}) => {
  const world = sandbox.world(name);
  const body = { From: "a@example.com", To: "b@example.com", Subject: "Hi", TextBody: "Text", ...change };
  const answer = await rawCall(`${world.apiUrl}/email`, { token: world.serverToken, body });
  await world.idle();
  return { world, id: String(Object(answer.json).MessageID) };
};
const csrfOf = (page: string) => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";

test("the outbox says that it is not Postmark, and lists what was sent, newest first", async () => {
  const { world } = await send("list", { Subject: "First" });
  await send("list", { Subject: "Second", MessageStream: "broadcast" });
  const page = (await get(world.outboxUrl)).text;
  expect(page).toContain("This is a sandbox, not Postmark.");
  expect(page).toContain("Nothing leaves this machine");
  expect(page.indexOf("Second")).toBeLessThan(page.indexOf("First"));
  expect((await get(`${world.outboxUrl}?stream=broadcast`)).text).not.toContain("First");
  expect((await get(`${world.outboxUrl}?q=first`)).text).not.toContain("Second");
  expect((await get(`${sandbox.url}/`)).headers.location).toBe(`${sandbox.url}/outbox`);
});

test("a page without news answers 304", async () => {
  const { world, id } = await send("etag");
  const tag = String((await get(world.outboxUrl)).headers.etag);
  expect((await get(world.outboxUrl, { "If-None-Match": tag })).status).toBe(304);
  world.act(id, "complaint");
  expect((await get(world.outboxUrl, { "If-None-Match": tag })).status).toBe(200);
});

test("a message is shown whole, escaped, its HTML in a frame that may do nothing", async () => {
  const { world, id } = await send("message", {
    Subject: "<script>alert(1)</script>",
    HtmlBody: '<p title="x">Hello</p><script>top.location="/"</script><a href="https://shop.example/?a=1">Shop</a>',
    Metadata: { send_id: "s-1" },
    Headers: [{ Name: "X-Campaign", Value: "<42>" }],
    MessageStream: "broadcast",
    TrackOpens: true,
    TrackLinks: "HtmlOnly",
  });
  const answer = await get(`${world.outboxUrl}/${id}`);
  expect(answer.text).not.toContain("<script>alert");
  expect(answer.text).toContain(
    '<iframe sandbox="" title="The message as HTML" srcdoc="&lt;base target=&quot;_blank&quot;&gt;&lt;p title=&quot;x&quot;&gt;',
  );
  for (const text of ["s-1", "&lt;42&gt;", "List-Unsubscribe", "Delivered", "Click https://shop.example/?a=1"])
    expect(answer.text).toContain(text);
  expect(answer.text).not.toContain("/emu/open/");
  expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
});

test("the buttons act with the page's own token and not without it", async () => {
  const { world, id } = await send("buttons", {
    HtmlBody: '<a href="https://shop.example/">Shop</a>',
    TrackLinks: "HtmlOnly",
    TrackOpens: true,
  });
  const url = `${world.outboxUrl}/${id}`;
  const csrf = csrfOf((await get(url)).text);
  expect((await post(`${url}/act`, { csrf: "wrong", type: "open" })).status).toBe(403);
  expect(world.message(id)?.status).toBe("delivered");
  const forms: Record<string, string>[] = [
    { type: "open" },
    { type: "click", link: "https://shop.example/" },
    { type: "bounce", bounceType: "SoftBounce" },
    { type: "unsubscribe" },
    { type: "resubscribe" },
    { type: "complaint" },
  ];
  for (const form of forms) expect((await post(`${url}/act`, { csrf, ...form })).headers.location).toBe(url);
  expect(world.message(id)?.events.map((e) => e.type)).toEqual([
    "Delivered",
    "Opened",
    "LinkClicked",
    "Bounced",
    "SubscriptionChanged",
    "SubscriptionChanged",
    "SpamComplaint",
  ]);
  const impossible = await post(`${url}/act`, { csrf, type: "click", link: "https://other.example/" });
  expect([impossible.status, impossible.text]).toEqual([409, expect.stringContaining("not a tracked link")]);
  expect((await get(`${url}/act`)).status).toBe(405);
  expect((await get(`${world.outboxUrl}/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
});

test("webhooks can be added and removed by hand, on loopback only, and their passwords are not shown", async () => {
  const { world, id } = await send("webhooks");
  const url = `${world.outboxUrl}/webhooks`;
  const csrf = csrfOf((await get(url)).text);
  const form = { csrf, url: "http://127.0.0.1:1/hook", stream: "outbound", username: "gflux", password: "s3cret-word" };
  expect((await post(`${url}/act`, { ...form, csrf: "wrong" })).status).toBe(403);
  expect((await post(`${url}/act`, { ...form, url: "https://hooks.example.com/" })).status).toBe(400);
  expect((await post(`${url}/act`, form)).headers.location).toBe(url);
  world.settings({ retryScale: 0 });
  world.act(id, "complaint");
  await world.idle();
  const page = (await get(url)).text;
  expect(page).toContain("http://127.0.0.1:1/hook");
  expect(page).toContain("SpamComplaint <strong>failed</strong>");
  expect(page).not.toContain("s3cret-word");
  const remove = /name="remove" value="(\d+)"/.exec(page)?.[1] ?? "";
  await post(`${url}/act`, { csrf, remove });
  expect((await get(url)).text).toContain("None yet");
});
