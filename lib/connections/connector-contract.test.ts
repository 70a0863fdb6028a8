import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultRule, type Sandbox, startSandbox, type World } from "../sandbox";
import type { CallOutcome, Connector, OutgoingMessage } from "./connector";
import { Gate, postmarkConnector } from "./postmark";
import { smtpConnector } from "./smtp";
import { type MailServer, startMailServer } from "./testing/mail-server";

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
  /** How it takes a call: all of it in one request, or each message by itself. */
  takes: "calls" | "messages";
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
    takes: "calls",
  };
}

const mailServers: MailServer[] = [];
afterAll(async () => {
  await Promise.all(mailServers.map((server) => server.close()));
});

/** A real SMTP server. What a happening does to a call, it does to each of its messages. */
async function smtpGround({ sendTimeoutMs = 10_000 } = {}): Promise<Ground> {
  const server = await startMailServer();
  mailServers.push(server);
  server.refuse("RCPT", "broken", { code: 501, words: "5.1.3 Bad recipient address syntax" });
  server.refuse("MAIL", "x@unverified.example", { code: 553, words: "5.7.1 Sender address rejected" });
  const { port, password } = server;
  const login = { host: "127.0.0.1", port, secure: "none" as const, username: "acme", password };
  const happenings = {
    "lost answer": "cut after the last line",
    "lost request": "cut after the last line unread",
    "half an answer": "half a reply",
    silence: "silence after the last line",
    maintenance: "put off",
    "too many calls": "put off",
    "gateway trouble": "cut after the last line",
    "half a batch": "cut after the last line",
  } as const;
  return {
    connector: smtpConnector({ login, sendTimeoutMs, allowPrivate: true, gate: new Gate(5) }),
    stream: "outbound",
    taken: () => server.taken.map(({ raw }) => /^Message-ID: <(.*)@/m.exec(raw)?.[1] ?? ""),
    happens: (what) => server.happen(happenings[what], happenings[what]),
    revoke: () => {
      server.password = "another";
    },
    suppress: (email) => server.refuse("RCPT", email, { code: 550, words: "5.1.1 No such user" }),
    takes: "messages",
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

type Make = (options?: { sendTimeoutMs?: number }) => Ground | Promise<Ground>;
const connectors: [string, Make][] = [
  ["postmark", postmarkGround],
  ["smtp", smtpGround],
];

describe.each(connectors)("%s", (_provider, make) => {
  const send = (
    { connector, stream }: Ground,
    messages: OutgoingMessage[],
    startWithinMs = 2000,
  ): Promise<CallOutcome> => connector.send(messages, { stream, startWithinMs });
  const unresolved = { kind: "unknown", cause: expect.any(String) };

  test("what is accepted was taken once, and has the provider's id, by which it is found again", async () => {
    const ground = await make();
    const outcome = await send(ground, [letter(1), letter(2)]);
    expect(outcome).toMatchObject({
      kind: "answered",
      outcomes: [
        { kind: "accepted", note: null },
        { kind: "accepted", note: null },
      ],
    });
    expect(ground.taken()).toEqual(["send-1", "send-2"]);
    if (outcome.kind !== "answered" || !ground.connector.canFind) return;
    const found = await ground.connector.find({
      batchId: "batch-1",
      stream: ground.stream,
      since: new Date(Date.now() - 1000),
    });
    const ids = outcome.outcomes.map((one) => (one.kind === "accepted" ? one.messageId : null));
    expect(found.kind === "found" && found.messages.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
  });

  test("each message has its own outcome, in the order given", async () => {
    const ground = await make();
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
    expect(await send(await make(), [])).toEqual({ kind: "answered", outcomes: [] });
  });

  test("a refused token is about credentials, and nothing was taken", async () => {
    const ground = await make();
    ground.revoke();
    expect(await send(ground, [letter(1)])).toMatchObject({ kind: "call_refused", about: "credentials" });
    expect(ground.taken()).toEqual([]);
    expect(await ground.connector.check()).toMatchObject({ kind: "bad_credentials" });
  });

  test("a stream that is not there is about the stream, and nothing was taken", async () => {
    const ground = await make();
    // By SMTP a stream is a header, and what is wrong with it comes back by webhook.
    if (ground.takes === "messages") return;
    expect(
      await ground.connector.send([letter(1), letter(2)], { stream: "missing", startWithinMs: 2000 }),
    ).toMatchObject({ kind: "call_refused", about: "stream" });
    expect(ground.taken()).toEqual([]);
  });

  test("an answer that was lost after the mail was taken is unknown, and the search tells or says that it cannot", async () => {
    for (const what of ["lost answer", "silence"] as const) {
      const ground = await make({ sendTimeoutMs: 500 });
      ground.happens(what);
      expect(await send(ground, [letter(1), letter(2)])).toEqual(unresolved);
      await expect.poll(() => ground.taken()).toEqual(["send-1", "send-2"]);
      const found = await ground.connector.find({
        batchId: "batch-1",
        stream: ground.stream,
        since: new Date(Date.now() - 1000),
      });
      expect(found).toMatchObject(
        ground.connector.canFind ? { kind: "found", messages: [{}, {}] } : { kind: "cannot_know" },
      );
    }
  });

  test("a batch that was taken in part is unknown as a whole", async () => {
    const ground = await make();
    ground.happens("half a batch");
    expect(await send(ground, [letter(1), letter(2)])).toEqual(unresolved);
    expect(ground.taken()).toContain("send-1");
  });

  test("a request that was lost looks the same from here, so it is unknown too", async () => {
    const ground = await make();
    ground.happens("lost request");
    expect(await send(ground, [letter(1)])).toEqual(unresolved);
    expect(ground.taken()).toEqual([]);
  });

  test("half an answer and a gateway's trouble are unknown", async () => {
    for (const what of ["half an answer", "gateway trouble"] as const) {
      const ground = await make();
      ground.happens(what);
      expect(await send(ground, [letter(1)])).toEqual(unresolved);
    }
  });

  test("being told to come back is not_sent, with how long to wait", async () => {
    const limited = await make();
    limited.happens("too many calls");
    const [putOff, wholly] = [await send(limited, [letter(1)]), limited.takes === "calls"];
    expect(putOff).toMatchObject(
      wholly
        ? { kind: "not_sent", rateLimited: true, retryAfterMs: 2000 }
        : { kind: "answered", outcomes: [{ kind: "not_sent" }] },
    );
    const down = await make();
    down.happens("maintenance");
    expect(await send(down, [letter(1)])).toMatchObject(
      wholly ? { kind: "not_sent", rateLimited: false } : { outcomes: [{ kind: "not_sent" }] },
    );
    expect([...limited.taken(), ...down.taken()]).toEqual([]);
  });

  test("too late to begin is not_sent, and no request is made", async () => {
    const ground = await make();
    expect(await send(ground, [letter(1)], -1)).toMatchObject({ kind: "not_sent", late: true });
    expect(ground.taken()).toEqual([]);
  });

  test("the largest call is taken", async () => {
    const ground = await make();
    const all = Array.from({ length: ground.connector.messagesMax }, (_, number) => letter(number));
    expect(await send(ground, all, 10_000)).toMatchObject({ kind: "answered" });
    expect(ground.taken()).toHaveLength(all.length);
  });

  test("one too many is refused as too large, so that it is halved", async () => {
    const ground = await make();
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
