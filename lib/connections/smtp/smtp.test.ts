import { afterEach, describe, expect, test } from "vitest";
import type { Connector, OutgoingMessage } from "../connector";
import { Gate } from "../postmark";
import { newAuthority, selfSigned } from "../testing/certificates";
import { type CutPoint, startCutServer } from "../testing/cut-server";
import { type MailServerOptions, startMailServer } from "../testing/mail-server";
import { rejectionOf, rejectionOfCheck } from "../verdict";
import { smtpConnector } from "./index";
import type { SmtpLogin } from "./place";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function kept<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  open.push(server);
  return server;
}
const mailServer = (options?: MailServerOptions) => kept(startMailServer(options));
const cutServer = (...args: Parameters<typeof startCutServer>) => kept(startCutServer(...args));

type Over = Partial<SmtpLogin> & { port: number };
/** Names lead to this machine, so that a server here can be anybody. */
function connector({
  ca,
  sendTimeoutMs = 5_000,
  gate = new Gate(5),
  ...login
}: Over & { ca?: string; sendTimeoutMs?: number; gate?: Gate }): Connector {
  return smtpConnector({
    login: { host: "mail.example", secure: "none", username: "acme", password: "a-good-password", ...login },
    lookup: async () => ["127.0.0.1"],
    allowPrivate: true,
    sendTimeoutMs,
    gate,
    ca,
  });
}

const letter = (number: number, over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  sendId: `send-${number}`,
  batchId: "batch-1",
  to: `person-${number}@example.com`,
  from: '"Acme" <hello@example.com>',
  replyTo: "answers@example.com",
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello\n.\nGoodbye",
  tag: "Welcome",
  headers: [],
  ...over,
});
const letters = (count: number) => Array.from({ length: count }, (_, number) => letter(number));
const options = { stream: "outbound", startWithinMs: 3_000 };

describe("a connection that is cut", () => {
  test.each<[CutPoint, boolean]>([
    ["connect", false],
    ["EHLO", false],
    ["AUTH", false],
    ["MAIL", false],
    ["MAIL", true],
    ["RCPT", false],
    ["RCPT", true],
    ["DATA", false],
    ["DATA", true],
  ])("at %s (pipelining: %s) was before the text, so it is safe to try again", async (at, pipelining) => {
    const server = await cutServer(at, { pipelining });
    expect(await connector(server).send([letter(1)], options)).toMatchObject({ kind: "not_sent", rateLimited: false });
    expect(server.ended()).toBe(0);
  });

  test("in the middle of a long text was before its last line, so it is safe to try again", async () => {
    const server = await cutServer("body");
    const long = letter(1, { text: "All work and no play.\n".repeat(400_000) });
    expect(await connector(server).send([long], options)).toMatchObject({ kind: "not_sent" });
  });

  test.each([false, true])(
    "after the last line and before the answer (pipelining: %s) is unknown, and nothing is sent again",
    async (pipelining) => {
      const server = await cutServer("end", { pipelining });
      expect(await connector(server).send([letter(1)], options)).toMatchObject({ kind: "unknown" });
      expect([server.ended(), server.sessions()]).toEqual([1, 1]);
    },
  );

  test("a server that falls silent after the last line is given up in time, and unknown; one that does so before is not_sent", async () => {
    const after = await cutServer("end", { silent: true });
    const before = await cutServer("DATA", { silent: true });
    const beganMs = performance.now();
    const [late, early] = await Promise.all(
      [after, before].map((server) => connector({ ...server, sendTimeoutMs: 300 }).send([letter(1)], options)),
    );
    expect([late, early]).toMatchObject([{ kind: "unknown" }, { kind: "not_sent" }]);
    expect(performance.now() - beganMs).toBeLessThan(2_000);
  });

  test("one that rested and was closed by the server meanwhile costs nothing: a new one carries the message, once", async () => {
    const server = await cutServer("MAIL", { times: 0 });
    const one = connector(server);
    await one.send([letter(1)], options);
    await one.send([letter(2)], options);
    expect(server.sessions()).toBe(1);
    const cutting = await cutServer("MAIL", { times: 1 });
    const other = connector(cutting);
    // The first session is cut at its first message, which was never on a session that rested: not tried twice.
    expect(await other.send([letter(1)], options)).toMatchObject({ kind: "not_sent" });
    expect(await other.send([letter(1)], options)).toMatchObject({ outcomes: [{ kind: "accepted" }] });
    expect(cutting.ended()).toBe(1);
  });

  test("each message has its own outcome: what was taken before a cut stays taken, what comes after it goes on", async () => {
    const server = await mailServer();
    const one = connector(server);
    server.happen("slow reply", "cut after the last line", "slow reply");
    expect(await one.send(letters(3), options)).toMatchObject({
      kind: "answered",
      outcomes: [{ kind: "accepted" }, { kind: "unknown" }, { kind: "accepted" }],
    });
    expect(server.taken.map(({ to }) => to)).toEqual(letters(3).map(({ to }) => to));
  });
});

describe("what a server says", () => {
  const saying = async (command: "MAIL" | "RCPT" | "DATA", code: number, words: string) => {
    const server = await mailServer();
    server.refuse(command, command === "MAIL" ? "hello@example.com" : "person-1@example.com", { code, words });
    const outcome = await connector(server).send([letter(1)], options);
    expect(server.taken).toEqual([]);
    return outcome;
  };

  test.each([
    ["MAIL", 550, "5.7.1 Sender address rejected: not owned by user", "sender_refused"],
    ["MAIL", 552, "5.3.4 Message size exceeds fixed limit", "refused"],
    ["MAIL", 451, "4.3.0 Try again later", "not_sent"],
    ["RCPT", 550, "5.1.1 No such user here", "inactive"],
    ["RCPT", 550, "Mailbox unavailable", "inactive"],
    ["RCPT", 550, "5.7.1 Blocked by policy", "refused"],
    ["RCPT", 554, "5.7.1 Relay access denied", "blocked"],
    ["RCPT", 550, "5.1.1 <x@privaterelay.appleid.com>: User unknown", "inactive"],
    ["RCPT", 550, "<x@privaterelay.appleid.com>: Mailbox unavailable", "inactive"],
    [
      "RCPT",
      550,
      "5.1.1 <a@example.com>: Recipient address rejected: User unknown in relay recipient table",
      "inactive",
    ],
    ["RCPT", 550, "<x@authority.example>: No such user", "inactive"],
    ["RCPT", 550, "5.7.1 Client host [10.5.1.20] blocked", "refused"],
    ["RCPT", 554, "Client host [10.5.1.20] rejected", "refused"],
    ["RCPT", 550, "#5.7.1 Your access was rejected", "refused"],
    ["RCPT", 550, "5.2.2 <x@example.com>: Mailbox full", "refused"],
    ["RCPT", 550, "relay not permitted", "blocked"],
    ["RCPT", 550, "5.1.8 <hello@example.com>: Domain not found", "sender_refused"],
    ["RCPT", 550, "Sender verify failed", "sender_refused"],
    ["RCPT", 550, "5.1.1 <sender@example.com>: Recipient address rejected: User unknown", "inactive"],
    ["RCPT", 550, "5.1.0 Sender denied", "sender_refused"],
    ["RCPT", 550, "Sender rejected", "sender_refused"],
    ["RCPT", 550, "Domain example.com has exceeded the max emails per hour (250/250). Message discarded.", "refused"],
    ["RCPT", 550, "Too many messages for this session", "refused"],
    ["RCPT", 550, "Daily sending limit reached", "refused"],
    ["RCPT", 450, "4.2.0 Greylisted", "not_sent"],
    ["DATA", 554, "5.6.0 Message rejected", "refused"],
    ["DATA", 452, "4.3.1 Out of storage", "not_sent"],
    ["DATA", 421, "4.7.0 Closing", "not_sent"],
  ] as const)("%s %s %s is %s", async (command, code, words, kind) => {
    expect(await saying(command, code, words)).toMatchObject({ kind: "answered", outcomes: [{ kind }] });
  });

  test("a login that is asked for only at the first message is about the credentials", async () => {
    const outcome = await saying("MAIL", 530, "5.7.0 Authentication required");
    expect(outcome).toMatchObject({ kind: "call_refused", about: "credentials" });
  });

  test("a refusal in the middle of a call leaves the session good for the others", async () => {
    const server = await mailServer();
    server.refuse("RCPT", "person-1@example.com", { code: 550, words: "5.1.1 No such user" });
    expect(await connector(server).send(letters(3), options)).toMatchObject({
      outcomes: [{ kind: "accepted" }, { kind: "inactive" }, { kind: "accepted" }],
    });
    expect(server.logins.count).toBe(1);
  });
});

describe("encryption", () => {
  const authority = newAuthority();
  const { ca } = authority;
  const good = authority.issue({ host: "mail.example" });

  test("starttls and tls take a certificate that is good for the name, and the mail goes encrypted", async () => {
    for (const secure of ["starttls", "tls"] as const) {
      const server = await mailServer({ mode: secure, identity: good });
      expect(
        await connector({ ...server, secure, ca, password: server.password }).send([letter(1)], options),
      ).toMatchObject({
        outcomes: [{ kind: "accepted" }],
      });
      expect(server.taken).toMatchObject([{ secure: true }]);
    }
  });

  test.each([
    ["of somebody else's name", authority.issue({ host: "other.example" }), ca],
    [
      "that has expired",
      authority.issue({ host: "mail.example", from: new Date(0), until: new Date(Date.now() - 60_000) }),
      ca,
    ],
    ["signed by itself", selfSigned("mail.example"), ca],
    ["of an authority that nobody knows", good, undefined],
  ])("a certificate %s is refused, in both modes: no login, no mail", async (_what, identity, trusted) => {
    for (const secure of ["starttls", "tls"] as const) {
      const server = await mailServer({ mode: secure, identity });
      const one = connector({ ...server, secure, password: server.password, ...(trusted && { ca: trusted }) });
      const outcome = await one.send([letter(1)], options);
      expect(outcome).toMatchObject({ kind: "not_sent" });
      expect(rejectionOf(outcome)?.message).toMatch(/certificate of “mail.example” is not accepted/i);
      expect([server.logins.count, server.taken.length]).toEqual([0, 0]);
    }
  });

  test("starttls never falls back: a server that does not offer it gets neither login nor mail, and the words say so", async () => {
    const server = await mailServer();
    const outcome = await connector({ ...server, secure: "starttls", password: server.password }).send(
      [letter(1)],
      options,
    );
    expect(rejectionOf(outcome)?.message).toMatch(/does not offer STARTTLS/);
    expect([server.logins.count, server.taken.length]).toEqual([0, 0]);
  });

  test("tls on a port that begins in the clear, and the reverse, are told apart", async () => {
    const plain = await mailServer({ mode: "starttls", identity: good });
    const wrong = await connector({ ...plain, secure: "tls", ca }).check();
    expect(rejectionOfCheck(wrong)).toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/Choose “starttls”/),
    });
    const secure = await mailServer({ mode: "tls", identity: good });
    const outcome = await connector({ ...secure, secure: "starttls", ca }).send([letter(1)], {
      ...options,
      startWithinMs: 700,
    });
    expect(rejectionOf(outcome)?.hint).toMatch(/choose “tls” for this port/);
  });
});

describe("errors in words, with the next step", () => {
  const told = async (one: Connector) => rejectionOfCheck(await one.check());

  test("a wrong password; at Postmark, where the token belongs", async () => {
    const server = await mailServer();
    expect(await told(connector({ ...server, password: "wrong" }))).toMatchObject({
      code: "bad_credentials",
      message: expect.stringContaining("535 5.7.8"),
      hint: expect.stringMatching(/Copy user name and password/),
    });
    const there = connector({ ...server, host: "smtp.postmarkapp.com", username: "a-token-1", password: "a-token-1" });
    expect(await told(there)).toMatchObject({
      hint: expect.stringMatching(/token goes into both user name and password/),
    });
    expect(await there.send([letter(1)], options)).toMatchObject({
      kind: "call_refused",
      about: "credentials",
      code: 535,
    });
  });

  test("a port where nothing listens, a name that does not exist, and a port that is blocked", async () => {
    const server = await startMailServer();
    await server.close();
    expect(await told(connector(server))).toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/refused the connection/),
    });
    const nowhere = smtpConnector({
      login: { host: "nosuch.invalid", port: 587, secure: "none", username: null, password: null },
      lookup: () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })),
      allowPrivate: true,
      sendTimeoutMs: 1_000,
      gate: new Gate(5),
    });
    expect(await told(nowhere)).toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/no server of the name/),
    });
    expect(rejectionOf(await nowhere.send([letter(1)], options))).toMatchObject({ code: "unreachable" });
  });

  test("the password stands in nothing that the server's words are made into", async () => {
    const server = await mailServer();
    server.refuse("MAIL", "hello@example.com", { code: 550, words: `5.7.1 you said a-good-password` });
    const outcome = JSON.stringify(await connector(server).send([letter(1)], options));
    expect(outcome).toContain("[password]");
    expect(outcome).not.toContain("a-good-password");
  });
});

describe("bounds", () => {
  test("sessions of one connection are limited, whoever calls, and used again", async () => {
    const server = await mailServer({ replyMs: 5 });
    const gate = new Gate(2);
    const callers = [connector({ ...server, gate }), connector({ ...server, gate })];
    await Promise.all(callers.flatMap((one) => [one.send(letters(10), options), one.send(letters(10), options)]));
    expect(server.taken).toHaveLength(40);
    expect(server.logins.count).toBeLessThanOrEqual(8);
  });

  test("no message is begun after its time: what is left over says so and has used up no try", async () => {
    const server = await mailServer({ replyMs: 150 });
    const outcome = await connector({ ...server, gate: new Gate(1) }).send(letters(10), {
      ...options,
      startWithinMs: 500,
    });
    const outcomes = outcome.kind === "answered" ? outcome.outcomes : [];
    const late = outcomes.filter((one) => one.kind === "not_sent");
    expect(late.length).toBeGreaterThan(3);
    expect(late.every((one) => one.kind === "not_sent" && one.late)).toBe(true);
    expect(server.taken).toHaveLength(outcomes.filter(({ kind }) => kind === "accepted").length);
  });

  test("a call that comes too late, or finds no place, asks nobody", async () => {
    const server = await mailServer();
    const gate = new Gate(1);
    const one = connector({ ...server, gate });
    await gate.enter(0);
    expect(await one.send([letter(1)], { ...options, startWithinMs: 200 })).toMatchObject({
      kind: "not_sent",
      late: true,
    });
    gate.leave();
    expect(await one.send([letter(1)], { ...options, startWithinMs: -1 })).toMatchObject({
      kind: "not_sent",
      late: true,
    });
    expect(server.logins.count).toBe(0);
  });
});

describe("what a message carries", () => {
  test("for Postmark its own headers, spelt as it spells them; a name cannot add another", async () => {
    const server = await mailServer();
    const there = connector({ ...server, host: "smtp-broadcasts.postmarkapp.com" });
    await there.send([letter(1, { tag: "Wel\r\nBcc: x@example.com" })], { ...options, stream: "lifecycle" });
    const [mail] = server.taken;
    for (const line of [
      "X-PM-Message-Stream: lifecycle",
      "X-PM-Tag: Wel Bcc: x@example.com",
      "X-PM-Metadata-send_id: send-1",
      "X-PM-Metadata-batch_id: batch-1",
      "X-PM-TrackOpens: true",
      "X-PM-TrackLinks: HtmlAndText",
    ])
      expect(mail?.raw.split("\r\n")).toContain(line);
    expect(there.unsubscribePlaceholder).toBeNull();
  });

  test("for everybody else none of them; sender, reply address, both texts and an id of ours", async () => {
    const server = await mailServer();
    const outcome = await connector(server).send([letter(1)], options);
    expect(outcome).toMatchObject({ outcomes: [{ kind: "accepted", messageId: "<send-1@example.com>" }] });
    const { raw = "", from } = server.taken[0] ?? {};
    expect(raw).not.toMatch(/^X-/m);
    expect(raw).toMatch(/^Message-ID: <send-1@example.com>\r$/m);
    expect(raw).toMatch(/^From: "?Acme"? <hello@example.com>\r$/m);
    expect(raw).toMatch(/^Reply-To: answers@example.com\r$/m);
    expect(raw).toMatch(/\r\n\.\r\nGoodbye/);
    expect(from).toBe("hello@example.com");
  });
});
