import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox, type World } from "../../sandbox";
import type { MessageHistory } from "../message-history";
import type { News } from "../news";
import { Gate, parsePostmarkWebhook, postmarkConnector } from "./index";

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 6, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

const stream = "broadcast";
function connect(world: World) {
  return postmarkConnector({ token: world.serverToken, baseUrl: world.apiUrl, sendTimeoutMs: 2000, gate: new Gate(8) });
}
/** A server that has sent messages to which nothing happens by itself. */
async function newGround(messages: number) {
  const world = sandbox.world(`history-${++count}`);
  world.settings({ detailsLagMs: 0, largeBounceIds: true });
  world.registerWebhook({ url: "http://127.0.0.1:9/", stream });
  world.settings({ dropRate: 1 });
  const connector = connect(world);
  const { history } = connector;
  if (history === null) throw new Error("it can be asked");
  const html = '<a href="https://a.example.com/">A</a>';
  const letters = Array.from({ length: messages }, (_, index) => ({
    ...{
      sendId: `send-${index}`,
      batchId: "batch-1",
      from: "hello@example.com",
      replyTo: null,
      subject: "Hello",
      html,
    },
    ...{ to: `never+${index}@emu.example.com`, text: null, tag: null, headers: [] },
  }));
  for (const some of [letters.slice(0, 500), letters.slice(500)])
    if (some.length > 0) await connector.send(some, { stream, startWithinMs: 2000 });
  return { world, history, ids: world.outbox().map(({ id }) => id) };
}
const since = new Date(Date.now() - 60_000);
const until = new Date(Date.now() + 600_000);
const bounces = (history: MessageHistory, messageId: string | null = null) =>
  history.bounces({ stream, since, until, messageId, offset: 0 });
/** What webhooks would have said, as they are read. */
const hooked = (world: World) =>
  world.hooks().flatMap(({ payload }) => {
    const text = JSON.stringify(payload, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
    return parsePostmarkWebhook({ text, body: JSON.parse(text) }, new Date()) ?? [];
  });
const sameNews = ({ sendId: _send, batchId: _batch, ...news }: News) => news;

test("bounces and complaints are told under the keys that their webhooks have, ids beyond 2^53 included", async () => {
  const { world, history, ids } = await newGround(3);
  for (const [index, id] of ids.entries()) world.act(id, index === 2 ? "complaint" : "bounce");
  const told = hooked(world).filter(({ recordType }) => recordType !== "SubscriptionChange");
  const page = await bounces(history);
  expect(page.kind === "page" && page.items.map(sameNews).reverse()).toEqual(told.map(sameNews));
  expect(new Set(told.map(({ newsKey }) => newsKey)).size).toBe(3);
  expect(await bounces(history, ids[1])).toMatchObject({ items: [{ providerMessageId: ids[1] }], next: null });
});

test("bounces of a short time are those of that time alone, and a page tells how many there are beyond what can be shown", async () => {
  const { world, history, ids } = await newGround(1);
  world.act(ids[0] ?? "", "bounce");
  const within = (fromMs: number, toMs: number) => {
    const [from, to] = [new Date(Date.now() + fromMs), new Date(Date.now() + toMs)];
    return history.bounces({ stream, since: from, until: to, messageId: null, offset: 0 });
  };
  expect(await within(-60_000, 1_000)).toMatchObject({ items: [{ kind: "bounced" }], next: null, total: 1 });
  expect(await within(-120_000, -60_000)).toMatchObject({ items: [], total: 0 });
  expect(await within(60_000, 120_000)).toMatchObject({ items: [], total: 0 });
  const json = { TotalCount: 10_001, Bounces: [{}] };
  world.addFault({ action: "status", path: "*bounces*", status: 200, json, count: 1 });
  expect(await within(-60_000, 1_000)).toMatchObject({ next: 1, total: 10_001 });
});

test("first opens and clicks are told as by webhook, and nothing from before the moment", async () => {
  const { world, history, ids } = await newGround(1);
  for (const type of ["open", "click", "open"] as const) world.act(ids[0] ?? "", type);
  const [open, click] = hooked(world);
  expect(await history.opens({ stream, since, offset: 0 })).toMatchObject({
    items: [{ kind: "opened", providerMessageId: ids[0], occurredAt: open?.occurredAt, data: open?.data }],
  });
  expect(await history.clicks({ stream, since, offset: 0 })).toMatchObject({
    items: [{ kind: "clicked", data: { link: "https://a.example.com/" }, occurredAt: click?.occurredAt }],
  });
  expect(await history.opens({ stream, since: until, offset: 0 })).toMatchObject({ items: [], next: null });
});

test("a message's story: what happened to it, and whether bounces belong to it; one that is unknown is gone", async () => {
  const { world, history, ids } = await newGround(2);
  const [one = "", two = ""] = ids;
  for (const type of ["deliver", "open", "click", "unsubscribe"] as const) world.act(one, type);
  for (const type of ["transient", "complaint"] as const) world.act(two, type);
  const story = await history.message(one);
  expect(story.kind === "story" && story.news.map(({ kind }) => kind)).toEqual([
    "delivered",
    "opened",
    "clicked",
    "subscription",
  ]);
  expect(story).toMatchObject({ bounced: false, news: [{ occurredAt: hooked(world)[0]?.occurredAt }, {}, {}, {}] });
  expect(await history.message(two)).toMatchObject({ kind: "story", bounced: true, news: [] });
  expect(await history.message("00000000-0000-4000-8000-000000000000")).toEqual({ kind: "gone" });
});

test("messages of a batch that have not left are told as waiting, and pages go on where they say", async () => {
  const { world, history, ids } = await newGround(501);
  world.act(ids[0] ?? "", "deliver");
  const query = { stream, since, batchId: "batch-1" };
  const first = await history.messages({ ...query, offset: 0 });
  expect(first).toMatchObject({ kind: "page", next: 500, total: 501 });
  const second = await history.messages({ ...query, offset: 500 });
  expect(second).toMatchObject({ items: [{ messageId: ids[0], waiting: false }], next: null, total: 501 });
  expect(first.kind === "page" && first.items.every(({ waiting }) => waiting)).toBe(true);
});

test("a refusal says whether it is about the token or the pace", async () => {
  const { world, history, ids } = await newGround(1);
  world.addFault({ action: "status", preset: "429", retryAfterSeconds: 7, count: 1 });
  expect(await bounces(history)).toMatchObject({ kind: "cannot_know", about: "pace", retryAfterMs: 7000 });
  world.addFault({ action: "status", preset: "502-html", count: 1 });
  expect(await history.message(ids[0] ?? "")).toMatchObject({ kind: "cannot_know", about: "other" });
  world.revokeToken(world.serverToken);
  expect(await history.opens({ stream, since, offset: 0 })).toMatchObject({ about: "credentials" });
});
