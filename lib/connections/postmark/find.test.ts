import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox, type World } from "../../sandbox";
import type { OutgoingMessage } from "../connector";
import { easternTime } from "./find";
import { Gate, postmarkConnector } from "./index";

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 4, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

const connect = (world: World, baseUrl = world.apiUrl, token = world.serverToken) =>
  postmarkConnector({ token, baseUrl, sendTimeoutMs: 2000, gate: new Gate(8) });
const newWorld = () => sandbox.world(`find-${++count}`);
const letter = (number: number, batchId: string): OutgoingMessage => ({
  sendId: `send-${number}`,
  batchId,
  to: `person-${number}@example.com`,
  from: "Acme <hello@example.com>",
  replyTo: null,
  subject: "Hello",
  html: "<p>Hello</p>",
  text: null,
  tag: null,
  headers: [],
});
const since = () => new Date(Date.now() - 60_000);
const sendAll = (world: World, batchId: string, numbers: number[], stream = "broadcast") =>
  connect(world).send(
    numbers.map((number) => letter(number, batchId)),
    { stream, startWithinMs: 2000 },
  );

test("a batch is found with the send of each message, and only that batch", async () => {
  const world = newWorld();
  await sendAll(world, "batch-a", [1, 2]);
  await sendAll(world, "batch-b", [3]);
  const found = await connect(world).find({ batchId: "batch-a", stream: "broadcast", since: since() });
  const ids = new Map(world.outbox().map((message) => [message.metadata.send_id, message.id]));
  expect(found.kind === "found" && found.messages.sort((a, b) => (a.to ?? "").localeCompare(b.to ?? ""))).toEqual([
    { sendId: "send-1", messageId: ids.get("send-1"), to: "person-1@example.com" },
    { sendId: "send-2", messageId: ids.get("send-2"), to: "person-2@example.com" },
  ]);
});

test("the stream is named: a broadcast message is not looked for among the transactional", async () => {
  const world = newWorld();
  await sendAll(world, "batch-a", [1], "outbound");
  expect(await connect(world).find({ batchId: "batch-a", stream: "broadcast", since: since() })).toEqual({
    kind: "found",
    messages: [],
  });
  expect(await connect(world).find({ batchId: "batch-a", stream: "outbound", since: since() })).toMatchObject({
    messages: [{ sendId: "send-1" }],
  });
});

test("what the index does not show yet is not found, which proves nothing", async () => {
  const world = newWorld();
  world.settings({ indexLagMs: 60_000 });
  await sendAll(world, "batch-a", [1]);
  expect(await connect(world).find({ batchId: "batch-a", stream: "broadcast", since: since() })).toEqual({
    kind: "found",
    messages: [],
  });
});

test("a refused token is told apart from a search that broke", async () => {
  const world = newWorld();
  const query = { batchId: "batch-a", stream: "broadcast", since: since() };
  expect(await connect(world, world.apiUrl, "wrong-token").find(query)).toMatchObject({
    kind: "cannot_know",
    aboutCredentials: true,
  });
  for (const rule of [
    { action: "status", preset: "502-html" },
    { action: "resetBeforeAccept" },
    { action: "truncatedBody" },
    { action: "status", preset: "429" },
  ] as const) {
    const fault = world.addFault({ ...rule, path: "/messages/*" });
    expect(await connect(world).find(query)).toMatchObject({ kind: "cannot_know", aboutCredentials: false });
    expect(fault.fired()).toBe(1);
    fault.remove();
  }
});

describe("against a search of our making", () => {
  type Asked = { offset: number; fromDate: string; stream: string };
  async function search(answer: (asked: Asked) => unknown) {
    const asked: Asked[] = [];
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? "", "http://x").searchParams;
      const one = {
        offset: Number(query.get("offset")),
        fromDate: query.get("fromDate") ?? "",
        stream: query.get("messageStream") ?? "",
      };
      asked.push(one);
      response.end(JSON.stringify(answer(one)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number }; // a TCP server's address is never a string
    const connector = postmarkConnector({
      token: "t",
      baseUrl: `http://127.0.0.1:${port}`,
      sendTimeoutMs: 2000,
      gate: new Gate(8),
    });
    const found = await connector.find({ batchId: "b", stream: "news", since: new Date("2026-11-21T12:00:00Z") });
    server.close();
    return { found, asked };
  }
  const item = (number: number, metadata: unknown = { batch_id: "b", send_id: `s${number}` }) => ({
    MessageID: `M-${number}`,
    Recipients: [`P${number}@example.com`],
    Metadata: metadata,
  });

  test("all pages are read", async () => {
    const all = Array.from({ length: 1200 }, (_, number) => item(number));
    const { found, asked } = await search(({ offset }) => ({
      TotalCount: 1200,
      Messages: all.slice(offset, offset + 500),
    }));
    expect(found.kind === "found" && found.messages.length).toBe(1200);
    expect(asked.map(({ offset }) => offset)).toEqual([0, 500, 1000]);
  });

  test("a total sent as text is a total", async () => {
    const { found } = await search(() => ({ TotalCount: "1", Messages: [item(1)] }));
    expect(found).toMatchObject({
      kind: "found",
      messages: [{ sendId: "s1", messageId: "m-1", to: "p1@example.com" }],
    });
  });

  test("pages that end before the total leave it open, lest a message be called absent", async () => {
    const { found } = await search(({ offset }) => ({ TotalCount: 900, Messages: offset === 0 ? [item(1)] : [] }));
    expect(found.kind).toBe("cannot_know");
  });

  test("messages of another batch are left out, should the filter be ignored", async () => {
    const { found } = await search(() => ({
      TotalCount: 2,
      Messages: [item(1), item(2, { batch_id: "other", send_id: "s2" })],
    }));
    expect(found).toMatchObject({ messages: [{ sendId: "s1" }] });
  });

  test("it is asked from an hour before, in Postmark's Eastern time", async () => {
    const { asked } = await search(() => ({ TotalCount: 0, Messages: [] }));
    expect(asked).toEqual([{ offset: 0, fromDate: "2026-11-21T06:00:00", stream: "news" }]);
  });
});

test.each([
  ["2026-11-21T14:30:05Z", "2026-11-21T09:30:05"],
  ["2026-07-01T03:00:00Z", "2026-06-30T23:00:00"],
  ["2026-11-01T05:30:00Z", "2026-11-01T01:30:00"],
  ["2026-11-01T06:30:00Z", "2026-11-01T01:30:00"],
])("%s is %s in Eastern time", (utc, local) => {
  expect(easternTime(Date.parse(utc))).toBe(local);
});
