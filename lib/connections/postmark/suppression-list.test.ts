import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sandbox, World } from "../../sandbox";
import { startSandbox } from "../../sandbox";
import { Gate } from "./gate";
import { postmarkConnector } from "./index";

let sandbox: Sandbox;
let world: World;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 2 });
  world = sandbox.world();
  world.settings({ consistencyDelayMs: 0 });
});
afterAll(() => sandbox.close());

function open() {
  const connector = postmarkConnector({
    token: world.serverToken,
    baseUrl: world.apiUrl,
    sendTimeoutMs: 5_000,
    gate: new Gate(4),
  });
  if (!connector.suppressionList) throw new Error("Postmark keeps a list");
  return connector.suppressionList;
}
const addresses = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `p${from + at}@example.com`);

describe("Postmark's list", () => {
  test("comes whole, also where count and offset would be heeded, in our words", async () => {
    world.settings({ pageSuppressions: true });
    for (const email of addresses(130)) world.addSuppression({ stream: "outbound", email });
    world.addSuppression({ stream: "outbound", email: "Left@example.com", origin: "Recipient" });
    const dump = await open().dump("outbound");
    if (dump.kind !== "listed") throw new Error(dump.cause);
    expect(dump.entries.length).toBe(131);
    const left = dump.entries.find(({ email }) => email === "left@example.com");
    expect(left).toMatchObject({ reason: "unsubscribe", origin: "recipient" });
    expect(Math.abs((left?.createdAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    ["a body that is cut off", { action: "truncatedBody" }],
    ["a connection that breaks in the middle", { action: "resetInBody" }],
    ["an empty success", { action: "emptyOk", path: "*dump", applyBefore: false }],
    ["an error", { action: "status", status: 500 }],
  ] as const)("is not known after %s: never a shorter list", async (_, rule) => {
    world.addSuppression({ stream: "broadcast", email: "a@example.com" });
    const fault = world.addFault({ path: "*suppressions/dump", ...rule });
    expect(await open().dump("broadcast")).toMatchObject({ kind: "cannot_know" });
    expect(fault.fired()).toBe(1);
    fault.remove();
  });

  test("is not asked for by what is no id of a stream, and an unknown stream is no empty list", async () => {
    expect(await open().dump("../servers")).toMatchObject({ kind: "cannot_know" });
    expect(await open().dump("nothing")).toMatchObject({ kind: "cannot_know", cause: expect.stringContaining("1226") });
  });

  test("takes addresses and lets them go, each with its own answer, in Postmark's words where it refuses", async () => {
    const list = open();
    expect(list.addressesMax).toBe(50);
    const added = await list.add("broadcast", ["new@example.com", "not an address"]);
    expect(added).toMatchObject({
      kind: "answered",
      changes: [
        { email: "new@example.com", kind: "done" },
        { email: "not an address", kind: "refused", message: expect.stringContaining("invalid") },
      ],
    });
    world.addSuppression({
      stream: "broadcast",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    const removed = await list.remove("broadcast", ["new@example.com", "angry@example.com", "never@example.com"]);
    expect(removed).toMatchObject({
      changes: [{ kind: "done" }, { kind: "refused", message: expect.stringContaining("authority") }, { kind: "done" }],
    });
    expect(await list.add("broadcast", addresses(51))).toMatchObject({ kind: "cannot_know" });
  });

  test("a bounce is made active again, a complaint is not", async () => {
    const list = open();
    world.settings({ deliverAfterMs: 0, processAfterMs: 0 });
    expect(await list.reactivate("broadcast", "nobody@example.com")).toMatchObject({ changes: [{ kind: "refused" }] });
    const sent = await fetch(`${world.apiUrl}/email`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Postmark-Server-Token": world.serverToken },
      body: JSON.stringify({
        From: "a@example.com",
        To: "gone@example.com",
        Subject: "x",
        TextBody: "x",
        MessageStream: "broadcast",
      }),
    });
    const { MessageID } = (await sent.json()) as { MessageID: string };
    world.act(MessageID, "bounce", { bounceType: "HardBounce" });
    expect(world.suppressions("broadcast").some(({ email }) => email === "gone@example.com")).toBe(true);
    expect(await list.reactivate("broadcast", "gone@example.com")).toMatchObject({ changes: [{ kind: "done" }] });
    expect(world.suppressions("broadcast").some(({ email }) => email === "gone@example.com")).toBe(false);
  });
});
