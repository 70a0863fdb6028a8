import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultRule, type Sandbox, startSandbox, type World } from "../sandbox";
import type { CallOutcome, Connector, OutgoingMessage } from "./connector";
import { Gate, postmarkConnector } from "./postmark";

/**
 * What every connector must mean by each outcome. A connector that joins adds a row to `connectors`, with a way to bring about
 * the same happenings on its own ground.
 */
type Ground = {
  connector: Connector;
  stream: string;
  /** What the provider took for good, by send, whatever it answered. */
  taken(): string[];
  happens(
    what:
      | "lost answer"
      | "lost request"
      | "half an answer"
      | "silence"
      | "maintenance"
      | "too many calls"
      | "gateway trouble"
      | "half a batch",
  ): void;
  revoke(): void;
  suppress(email: string): void;
};

const faults: Record<Parameters<Ground["happens"]>[0], FaultRule> = {
  "lost answer": { action: "resetAfterAccept" },
  "lost request": { action: "resetBeforeAccept", path: "/email/batch" },
  "half an answer": { action: "truncatedBody", path: "/email/batch" },
  silence: { action: "hangAfterAccept" },
  maintenance: { action: "status", preset: "503-100", path: "/email/batch" },
  "too many calls": { action: "status", preset: "429", retryAfterSeconds: 2, path: "/email/batch" },
  "gateway trouble": { action: "status", preset: "502-html", path: "/email/batch" },
  "half a batch": { action: "partialBatch", items: 1 },
};

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 5, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

function postmarkGround({ sendTimeoutMs = 10_000 } = {}): Ground & { world: World } {
  const world = sandbox.world(`contract-${++count}`);
  const settings = { baseUrl: world.apiUrl, sendTimeoutMs, gate: new Gate(8) };
  return {
    world,
    connector: postmarkConnector({ token: world.serverToken, ...settings }),
    stream: "broadcast",
    taken: () => world.outbox().map(({ metadata }) => metadata.send_id ?? ""),
    happens: (what) => void world.addFault({ count: 1, ...faults[what] }),
    revoke: () => world.revokeToken(world.serverToken),
    suppress: (email) => world.addSuppression({ stream: "broadcast", email, reason: "HardBounce" }),
  };
}

const letter = (number: number, over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  sendId: `send-${number}`,
  batchId: "batch-1",
  to: `person-${number}@example.com`,
  from: "Acme <hello@example.com>",
  replyTo: "answers@example.com",
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello",
  tag: "Welcome",
  headers: [],
  ...over,
});

describe.each([["postmark", postmarkGround]])("%s", (_provider, make) => {
  const send = (
    { connector, stream }: Ground,
    messages: OutgoingMessage[],
    startWithinMs = 2000,
  ): Promise<CallOutcome> => connector.send(messages, { stream, startWithinMs });
  const unresolved = { kind: "unknown", cause: expect.any(String) };

  test("what is accepted was taken once, and has the provider's id, by which it is found again", async () => {
    const ground = make();
    const outcome = await send(ground, [letter(1), letter(2)]);
    expect(outcome).toMatchObject({
      kind: "answered",
      outcomes: [
        { kind: "accepted", note: null },
        { kind: "accepted", note: null },
      ],
    });
    expect(ground.taken()).toEqual(["send-1", "send-2"]);
    if (!ground.connector.canFind || outcome.kind !== "answered") return;
    const found = await ground.connector.find({
      batchId: "batch-1",
      stream: ground.stream,
      since: new Date(Date.now() - 1000),
    });
    const ids = outcome.outcomes.map((one) => (one.kind === "accepted" ? one.messageId : null));
    expect(found.kind === "found" && found.messages.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
  });

  test("each message has its own outcome, in the order given", async () => {
    const ground = make();
    ground.suppress("person-2@example.com");
    const outcome = await send(ground, [
      letter(1),
      letter(2),
      letter(3, { to: "broken" }),
      letter(4, { from: "x@unverified.example" }),
      letter(5),
    ]);
    expect(outcome).toMatchObject({
      kind: "answered",
      outcomes: [
        { kind: "accepted" },
        { kind: "inactive" },
        { kind: "refused" },
        { kind: "sender_refused" },
        { kind: "accepted" },
      ],
    });
    expect(ground.taken()).toEqual(["send-1", "send-5"]);
  });

  test("nothing to send is nothing sent", async () => {
    expect(await send(make(), [])).toEqual({ kind: "answered", outcomes: [] });
  });

  test("a refused token is about credentials, and nothing was taken", async () => {
    const ground = make();
    ground.revoke();
    expect(await send(ground, [letter(1)])).toMatchObject({ kind: "call_refused", about: "credentials" });
    expect(ground.taken()).toEqual([]);
    expect(await ground.connector.check()).toMatchObject({ kind: "bad_credentials" });
  });

  test("a stream that is not there is about the stream, and nothing was taken", async () => {
    const ground = make();
    expect(
      await ground.connector.send([letter(1), letter(2)], { stream: "missing", startWithinMs: 2000 }),
    ).toMatchObject({ kind: "call_refused", about: "stream" });
    expect(ground.taken()).toEqual([]);
  });

  test("an answer that was lost after the mail was taken is unknown, and the search tells", async () => {
    for (const what of ["lost answer", "silence"] as const) {
      const ground = make({ sendTimeoutMs: 500 });
      ground.happens(what);
      expect(await send(ground, [letter(1), letter(2)])).toEqual(unresolved);
      await expect.poll(() => ground.taken()).toEqual(["send-1", "send-2"]);
      const found = await ground.connector.find({
        batchId: "batch-1",
        stream: ground.stream,
        since: new Date(Date.now() - 1000),
      });
      expect(found).toMatchObject({ kind: "found", messages: [{}, {}] });
    }
  });

  test("a batch that was taken in part is unknown as a whole", async () => {
    const ground = make();
    ground.happens("half a batch");
    expect(await send(ground, [letter(1), letter(2)])).toEqual(unresolved);
    expect(ground.taken()).toEqual(["send-1"]);
  });

  test("a request that was lost looks the same from here, so it is unknown too", async () => {
    const ground = make();
    ground.happens("lost request");
    expect(await send(ground, [letter(1)])).toEqual(unresolved);
    expect(ground.taken()).toEqual([]);
  });

  test("half an answer and a gateway's trouble are unknown", async () => {
    for (const what of ["half an answer", "gateway trouble"] as const) {
      const ground = make();
      ground.happens(what);
      expect(await send(ground, [letter(1)])).toEqual(unresolved);
    }
  });

  test("being told to come back is not_sent, with how long to wait", async () => {
    const limited = make();
    limited.happens("too many calls");
    expect(await send(limited, [letter(1)])).toMatchObject({ kind: "not_sent", rateLimited: true, retryAfterMs: 2000 });
    const down = make();
    down.happens("maintenance");
    expect(await send(down, [letter(1)])).toMatchObject({ kind: "not_sent", rateLimited: false });
    expect([...limited.taken(), ...down.taken()]).toEqual([]);
  });

  test("too late to begin is not_sent, and no request is made", async () => {
    const ground = make();
    expect(await send(ground, [letter(1)], -1)).toMatchObject({ kind: "not_sent", late: true });
    expect(ground.taken()).toEqual([]);
  });

  test("the largest call is taken", async () => {
    const ground = make();
    const all = Array.from({ length: ground.connector.messagesMax }, (_, number) => letter(number));
    expect(await send(ground, all)).toMatchObject({ kind: "answered" });
    expect(ground.taken()).toHaveLength(all.length);
  });

  test("one too many is refused as too large, so that it is halved", async () => {
    const ground = make();
    const all = Array.from({ length: ground.connector.messagesMax + 1 }, (_, number) => letter(number));
    expect(await send(ground, all)).toMatchObject({ kind: "call_refused", about: "message" });
    expect(ground.taken()).toEqual([]);
  });
});

describe("postmark alone", () => {
  test("a message carries tracking, stream, tag, reply address and both ids", async () => {
    const { world, connector } = postmarkGround();
    await connector.send([letter(1, { tag: "x".repeat(1500) })], { stream: "broadcast", startWithinMs: 2000 });
    expect(world.outbox()).toMatchObject([
      {
        stream: "broadcast",
        trackOpens: true,
        trackLinks: "HtmlAndText",
        tag: "x".repeat(1000),
        replyTo: "answers@example.com",
        metadata: { send_id: "send-1", batch_id: "batch-1" },
      },
    ]);
  });

  test("one message by itself goes through /email, a call of one through /email/batch", async () => {
    const { world, connector } = postmarkGround();
    const options = { stream: "broadcast", startWithinMs: 2000 };
    const outcome = await connector.sendOne(letter(1), options);
    expect(outcome).toMatchObject({ kind: "answered", outcomes: [{ kind: "accepted" }] });
    await connector.send([letter(1)], options);
    expect(world.requests().map(({ path }) => path)).toEqual(["/email", "/email/batch"]);
    expect(world.outbox()[0]?.metadata).toEqual(world.outbox()[1]?.metadata);
  });

  test("an acceptance without ErrorCode is an acceptance, with its remark", async () => {
    const { world, connector } = postmarkGround();
    world.addFault({ action: "delayedAccept" });
    expect(await connector.send([letter(1)], { stream: "broadcast", startWithinMs: 2000 })).toMatchObject({
      outcomes: [{ kind: "accepted", note: "Message accepted, but delivery may be delayed." }],
    });
  });

  test("an empty 200 is unknown", async () => {
    const { world, connector } = postmarkGround();
    world.addFault({ action: "emptyOk" });
    expect(await connector.send([letter(1)], { stream: "broadcast", startWithinMs: 2000 })).toMatchObject({
      kind: "unknown",
    });
  });

  test.each([
    ["pending", "account"],
    ["rejected", "account"],
  ] as const)("an account that is %s is about the account", async (account, about) => {
    const { world, connector } = postmarkGround();
    world.settings({ account });
    const outcome = await connector.send([letter(1, { to: "ana@elsewhere.example" })], {
      stream: "broadcast",
      startWithinMs: 2000,
    });
    expect(outcome).toMatchObject({ kind: "call_refused", about });
  });

  test("an unknown stream is about the stream, whether items or the call are refused for it", async () => {
    for (const batchStreamErrors of ["item", "call"] as const) {
      const { world, connector } = postmarkGround();
      world.settings({ batchStreamErrors });
      expect(await connector.send([letter(1)], { stream: "missing", startWithinMs: 2000 })).toMatchObject({
        kind: "call_refused",
        about: "stream",
        code: 1235,
      });
    }
  });

  test("idle connections that the server closes cost no answer", async () => {
    const { world, connector } = postmarkGround();
    world.addFault({ action: "closeIdle" });
    for (let round = 0; round < 10; round++)
      expect(await connector.send([letter(round)], { stream: "broadcast", startWithinMs: 2000 })).toMatchObject({
        kind: "answered",
      });
  });

  test("a body that stalls is unknown when the deadline comes", async () => {
    const { world, connector } = postmarkGround({ sendTimeoutMs: 500 });
    world.addFault({ action: "slowBody", bytesPerSecond: 1000, stopAfterBytes: 10, path: "/email/batch" });
    expect(await connector.send([letter(1)], { stream: "broadcast", startWithinMs: 2000 })).toMatchObject({
      kind: "unknown",
    });
    expect(world.outbox()).toHaveLength(1);
  });
});
