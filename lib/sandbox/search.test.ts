import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 2, deliverAfterMs: 10, indexLagMs: 60_000 });
});
afterAll(() => sandbox.close());

let worlds = 0;
const newWorld = () => sandbox.world(`search-${++worlds}`);
const letter = { From: "Shop <news@example.com>", To: "Ana <ana@example.com>", Subject: "Hi", TextBody: "Hello" };
const get = (world: World, path: string) => rawCall(`${world.apiUrl}${path}`, { token: world.serverToken });
const search = async (world: World, query: string) =>
  (await get(world, `/messages/outbound?count=50&offset=0${query}`)).json as {
    TotalCount: number;
    Messages: { MessageID: string; Subject: string }[];
  };
const send = async (world: World, change: object = {}) => {
  const body = { ...letter, ...change };
  const answer = await rawCall(`${world.apiUrl}/email`, { token: world.serverToken, body });
  return String(Object(answer.json).MessageID);
};

test("a broadcast message is found on its own stream only, after the lag, by its metadata too", async () => {
  const world = newWorld();
  const id = await send(world, { MessageStream: "broadcast", Metadata: { batch_id: "b1", send_id: "s1" } });
  expect((await search(world, "&messagestream=broadcast")).TotalCount).toBe(0);
  await world.advance(60_000);
  expect((await search(world, "")).TotalCount).toBe(0);
  for (const query of ["", "&metadata_batch_id=b1", "&metadata_SEND_ID=s1"])
    expect((await search(world, `&messageStream=broadcast${query}`)).Messages.map((m) => m.MessageID)).toEqual([id]);
  expect((await search(world, "&messagestream=broadcast&metadata_batch_id=B1")).TotalCount).toBe(0);
  const both = "&messagestream=broadcast&metadata_batch_id=b1&metadata_send_id=other";
  expect((await search(world, both)).TotalCount).toBe(1);
  world.settings({ twoMetadataKeys: "refuse" });
  expect((await get(world, `/messages/outbound?count=1&offset=0${both}`)).json).toMatchObject({ ErrorCode: 700 });
});

test("the lag can be changed while the world runs, for messages on their way too", async () => {
  const world = newWorld();
  await send(world);
  expect((await search(world, "")).TotalCount).toBe(0);
  world.settings({ indexLagMs: 0 });
  expect((await search(world, "")).TotalCount).toBe(1);
});

test("count and offset are required and bounded", async () => {
  const world = newWorld();
  for (const query of [
    "",
    "?count=10",
    "?offset=0",
    "?count=501&offset=0",
    "?count=500&offset=9600",
    "?count=x&offset=0",
  ])
    expect((await get(world, `/messages/outbound${query}`)).json).toMatchObject({ ErrorCode: 700 });
  expect((await get(world, "/messages/outbound?count=500&offset=9500")).status).toBe(200);
  expect((await get(world, "/messages/outbound?count=1&offset=0&messagestream=nope")).json).toMatchObject({
    ErrorCode: 1226,
  });
});

test("results are newest first, paged, and narrowed by every filter", async () => {
  const world = newWorld();
  world.settings({ indexLagMs: 0 });
  await send(world, { Subject: "First offer", Tag: "a" });
  await world.advance(86_400_000);
  world.settings({ processAfterMs: 60_000 });
  await send(world, { Subject: "Second offer", Tag: "b", To: "ben@example.com" });
  const subjects = async (query: string) => (await search(world, query)).Messages.map((m) => m.Subject);
  expect(await subjects("")).toEqual(["Second offer", "First offer"]);
  expect(await subjects("&tag=a")).toEqual(["First offer"]);
  expect(await subjects("&recipient=BEN@example.com")).toEqual(["Second offer"]);
  expect(await subjects("&subject=SECOND")).toEqual(["Second offer"]);
  expect(await subjects("&fromemail=news@example.com&status=queued")).toEqual(["Second offer"]);
  expect(await subjects("&status=sent")).toEqual(["First offer"]);
  const day = new Date(Date.now() - 43_200_000).toISOString().slice(0, 10);
  expect((await subjects(`&fromdate=${day}`)).length).toBeGreaterThan(0);
  expect(await subjects("&todate=2001-01-01")).toEqual([]);
  const page = (await get(world, "/messages/outbound?count=1&offset=1")).json;
  expect(page).toMatchObject({ TotalCount: 2, Messages: [{ Subject: "First offer" }] });
});

test("details of an unknown or too fresh message answer 701, later they tell its events", async () => {
  const world = newWorld();
  const unknown = await get(world, "/messages/outbound/00000000-0000-4000-8000-000000000000/details");
  expect([unknown.status, Object(unknown.json).ErrorCode]).toEqual([422, 701]);
  world.settings({ detailsLagMs: 30_000 });
  const id = await send(world, { TrackOpens: true });
  expect((await get(world, `/messages/outbound/${id}/details`)).json).toMatchObject({ ErrorCode: 701 });
  await world.advance(30_000);
  world.act(id, "open");
  const details = Object((await get(world, `/messages/outbound/${id}/details`)).json);
  expect(details.MessageEvents.map((e: { Type: string }) => e.Type)).toEqual(["Delivered", "Opened"]);
  expect(details).toMatchObject({ From: '"Shop" <news@example.com>', To: [{ Email: "ana@example.com", Name: "Ana" }] });
  const dump = Object((await get(world, `/messages/outbound/${id}/dump`)).json);
  expect(dump.Body).toContain(`X-PM-Message-Id: ${id}`);
});

test("opens and clicks are listed, for all and for one message", async () => {
  const world = newWorld();
  world.settings({ detailsLagMs: 0 });
  const id = await send(world, {
    HtmlBody: '<a href="https://a.example/x?a=1&amp;b=2">x</a>',
    TrackLinks: "HtmlOnly",
    TrackOpens: true,
  });
  for (const type of ["open", "open", "click", "click"] as const) world.act(id, type);
  const opens = await get(world, "/messages/outbound/opens?count=10&offset=0");
  expect(opens.json).toMatchObject({ TotalCount: 1, Opens: [{ MessageID: id, FirstOpen: true }] });
  const clicks = await get(world, `/messages/outbound/clicks/${id}?count=10&offset=0`);
  expect(clicks.json).toMatchObject({ TotalCount: 1, Clicks: [{ OriginalLink: "https://a.example/x?a=1&b=2" }] });
});

test("stats count recipients over all streams or one, and a plan without them answers 614", async () => {
  const world = newWorld();
  const id = await send(world, { Cc: "ben@example.com", TrackOpens: true });
  await send(world, { MessageStream: "broadcast" });
  await world.advance(1000);
  world.act(id, "open");
  world.act(id, "bounce", { recipient: "ben@example.com" });
  const overview = { Sent: 3, Bounced: 1, BounceRate: 33.333, Opens: 1, WithOpenTracking: 2 };
  expect((await get(world, "/stats/outbound")).json).toMatchObject(overview);
  expect((await get(world, "/stats/outbound?messagestream=broadcast")).json).toMatchObject({ Sent: 1, Bounced: 0 });
  expect((await get(world, "/stats/outbound/sends")).json).toMatchObject({ Sent: 3, Days: [{ Sent: 3 }] });
  expect((await get(world, "/stats/outbound/opens/platforms")).json).toMatchObject({ Desktop: 1 });
  expect((await get(world, "/stats/outbound?messagestream=nope")).json).toMatchObject({ ErrorCode: 1226 });
  expect((await get(world, "/stats/outbound?fromdate=2001-01-01")).json).toMatchObject({ ErrorCode: 1500 });
  expect((await get(world, "/stats/outbound?fromdate=soon")).json).toMatchObject({ ErrorCode: 900 });
  world.settings({ noStats: true });
  expect((await get(world, "/stats/outbound")).json).toMatchObject({ ErrorCode: 614 });
  expect((await rawCall(`${world.apiUrl}/stats/outbound`, { token: world.accountToken })).status).toBe(401);
});
