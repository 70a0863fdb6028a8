import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 4, deliverAfterMs: 10 });
});
afterAll(() => sandbox.close());

let worlds = 0;
const newWorld = () => sandbox.world(`streams-${++worlds}`);
const call = (world: World, path: string, body?: unknown, method?: string) =>
  rawCall(`${world.apiUrl}${path}`, { token: world.serverToken, body, method });
const stream = { ID: "news", Name: "News", MessageStreamType: "Broadcasts" };

test("a stream is made, edited, archived and brought back; sends fail with 1235 in between", async () => {
  const world = newWorld();
  expect((await call(world, "/message-streams", stream)).json).toMatchObject({
    ID: "news",
    SubscriptionManagementConfiguration: { UnsubscribeHandlingType: "Postmark" },
  });
  expect((await call(world, "/message-streams/news", { Name: "Weekly" }, "PATCH")).json).toMatchObject({
    Name: "Weekly",
  });
  const letter = { From: "a@example.com", To: "b@example.com", TextBody: "x", MessageStream: "news" };
  expect((await call(world, "/email", letter)).status).toBe(200);
  expect((await call(world, "/message-streams/news/archive", undefined, "POST")).json).toHaveProperty(
    "ExpectedPurgeDate",
  );
  expect((await call(world, "/email", letter)).json).toMatchObject({ ErrorCode: 1235 });
  const ids = async (query: string) =>
    Object((await call(world, `/message-streams${query}`)).json).MessageStreams.map((s: { ID: string }) => s.ID);
  expect(await ids("")).toEqual(["outbound", "inbound", "broadcast"]);
  expect(await ids("?IncludeArchivedStreams=true&messageStreamType=broadcasts")).toEqual(["broadcast", "news"]);
  // Official clients send {} where the page documents an empty body.
  expect((await call(world, "/message-streams/news/unarchive", {})).json).toMatchObject({ ArchivedAt: null });
  expect((await call(world, "/email", letter)).status).toBe(200);
});

const refused: [string, object, number][] = [
  ["no ID", { ID: undefined }, 1222],
  ["no name", { Name: "" }, 1223],
  ["a long name", { Name: "x".repeat(101) }, 1224],
  ["an unknown type", { MessageStreamType: "Other" }, 1221],
  ["a second inbound stream", { MessageStreamType: "Inbound" }, 1228],
  ["a bad ID", { ID: "9News" }, 1227],
  ["a reserved prefix", { ID: "pm-news" }, 1233],
  ["an ID in use", { ID: "broadcast" }, 1230],
  ["HTML in the description", { Description: "<b>x</b>" }, 1234],
  ["custom handling", { SubscriptionManagementConfiguration: { UnsubscribeHandlingType: "Custom" } }, 1238],
  ["unknown handling", { SubscriptionManagementConfiguration: { UnsubscribeHandlingType: "Some" } }, 1240],
  ["a wrong type", { Name: 5 }, 403],
];
test.each(refused)("a stream with %s is refused", async (_what, change, code) => {
  expect((await call(newWorld(), "/message-streams", { ...stream, ...change })).json).toMatchObject({
    ErrorCode: code,
  });
});

test("a server has ten streams at most, and its defaults cannot be archived", async () => {
  const world = newWorld();
  for (let i = 0; i < 7; i++) world.addStream({ id: `s${i}` });
  expect((await call(world, "/message-streams", stream)).json).toMatchObject({ ErrorCode: 1225 });
  expect((await call(world, "/message-streams/outbound/archive", undefined, "POST")).json).toMatchObject({
    ErrorCode: 1229,
  });
  expect((await call(world, "/message-streams/none")).json).toMatchObject({ ErrorCode: 1226 });
});
