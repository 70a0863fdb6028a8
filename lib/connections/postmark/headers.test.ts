import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox";
import type { OutgoingMessage } from "../connector";
import { Gate, postmarkConnector } from "./index";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1 });
});
afterAll(() => sandbox.close());

const unsubscribe = [
  { name: "List-Unsubscribe", value: "<https://mail.example.com/u/token>" },
  { name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click" },
];
const letter = (headers: OutgoingMessage["headers"]): OutgoingMessage => ({
  sendId: "send-1",
  batchId: "batch-1",
  to: "person@example.com",
  from: "Acme <hello@example.com>",
  replyTo: null,
  subject: "Hello",
  html: null,
  text: "Hello",
  tag: null,
  headers,
});

test("a message's own header fields reach the provider, by either way in", async () => {
  const world = sandbox.world("headers");
  const settings = { token: world.serverToken, baseUrl: world.apiUrl, sendTimeoutMs: 2_000, gate: new Gate(8) };
  const connector = postmarkConnector(settings);
  const options = { stream: "outbound", startWithinMs: 2_000 };
  await connector.send([letter(unsubscribe), letter([])], options);
  await connector.sendOne(letter(unsubscribe), options);
  expect(world.outbox().map(({ headers }) => headers)).toEqual([unsubscribe, [], unsubscribe]);
});
