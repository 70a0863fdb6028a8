import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { changeConnection, createConnection, getConnection, validateConnection, validateDraft } from "./index";
import { createConnectionInput, validateDraftInput } from "./schema";
import { codeOf, ground } from "./testing/ground";
import { type MailServer, startMailServer } from "./testing/mail-server";

const at = ground();
let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
});
afterEach(async () => {
  await server.close();
  allowPrivate("on");
});

function allowPrivate(flag: "on" | "off"): void {
  process.env.SMTP_ALLOW_PRIVATE = flag;
  forgetEnv();
}

const smtpForm = (over: object = {}) =>
  createConnectionInput.parse({
    provider: "smtp",
    display_name: "Office",
    from_email: "hello@example.com",
    smtp_host: "127.0.0.1",
    smtp_port: server.port,
    smtp_secure: "none",
    username: "acme",
    password: server.password,
    ...over,
  });
const row = (id: string) => db.prisma.connection.findFirstOrThrow({ where: { id } });
const moves = ({ workspaceId }: Actor) =>
  db.prisma.auditEntry.findMany({ where: { workspaceId, action: "connection.moved" }, orderBy: { id: "asc" } });

test("by SMTP a connection is asked with a login and saved; its password stands in no answer and no column", async () => {
  const made = await createConnection(at.actor, smtpForm());
  expect(made).toMatchObject({
    provider: "smtp",
    status: "ready",
    smtp_port: server.port,
    smtp_secure: "none",
    username: "acme",
    password_set: true,
    server_token_last4: null,
    last_error: null,
    server: { name: `127.0.0.1:${server.port}` },
  });
  const stored = await row(made.id);
  const { sealedCredentials, ...open } = stored;
  expect(JSON.stringify([made, open])).not.toContain(server.password);
  expect(Buffer.from(sealedCredentials).toString("latin1")).not.toContain(server.password);
  const refused = await createConnection(at.actor, smtpForm({ password: "a-wrong-password" }));
  expect(refused).toMatchObject({ status: "unvalidated", last_error: expect.stringMatching(/refused the login: 535/) });
  expect(JSON.stringify(refused)).not.toContain("a-wrong-password");
  // Known by its address even so: claims and attempts say by it which way they went.
  expect(refused.server?.id).toBe(`smtp:127.0.0.1:${server.port}`);
});

test("Validate tells before anything is saved, and refuses with a code and what to do", async () => {
  const { display_name: _, ...draft } = smtpForm();
  expect((await validateDraft(at.actor, validateDraftInput.parse(draft))).message).toMatch(
    /took the login, not encrypted/,
  );
  const wrong = validateDraftInput.parse({ ...draft, smtp_secure: "tls" });
  await expect(validateDraft(at.actor, wrong)).rejects.toMatchObject({
    code: "provider_rejected",
    extras: { provider: { code: "unreachable", hint: expect.stringContaining("Choose “starttls”") } },
  });
});

test("a change of one field keeps the rest of the login", async () => {
  const { id } = await createConnection(at.actor, smtpForm());
  const before = await row(id);
  expect(await changeConnection(at.actor, { id, smtp_port: server.port })).toMatchObject({ status: "ready" });
  expect((await row(id)).sealedCredentials).not.toEqual(before.sealedCredentials);
  await expect(changeConnection(at.actor, { id, server_token: "t" })).rejects.toMatchObject({
    extras: { fields: { server_token: [expect.stringContaining("belongs to provider “postmark”")] } },
  });
  expect(await codeOf(changeConnection(at.actor, { id, from_email: null }))).toBe("validation_error");
  expect(await changeConnection(at.actor, { id, username: null })).toMatchObject({ password_set: false });
});

test("a login that cannot be read any more is replaced, or given up, without being opened", async () => {
  const { id } = await createConnection(at.actor, smtpForm());
  const lost = () => db.sql("update connections set sealed_credentials = '\\x00' where id = $1", [id]);
  await lost();
  expect(await changeConnection(at.actor, { id, username: null })).toMatchObject({ password_set: false });
  await lost();
  for (const half of [{ smtp_host: "127.0.0.1" }, { password: "new" }])
    await expect(changeConnection(at.actor, { id, ...half })).rejects.toMatchObject({
      code: "validation_error",
      extras: { fields: { password: [expect.stringContaining("cannot be read here")] } },
    });
  await expect(validateConnection(at.actor, { id })).rejects.toMatchObject({
    code: "provider_rejected",
    extras: {
      provider: { code: "bad_credentials", message: expect.stringContaining("The stored login cannot be read") },
    },
  });
  expect(await changeConnection(at.actor, { id, message_stream: "news" })).toMatchObject({ status: "failing" });
  const { password } = server;
  expect(await changeConnection(at.actor, { id, username: "acme", password })).toMatchObject({ status: "ready" });
});

test("a stored login goes to no other server or port and never into the clear: it is asked for again, and nothing is changed", async () => {
  const { id } = await createConnection(at.actor, smtpForm({ smtp_secure: "starttls" }));
  const before = await row(id);
  const [again, port] = ["Enter the password again", server.port];
  for (const elsewhere of [{ smtp_host: "localhost" }, { smtp_port: 1 }, { smtp_secure: "none" }] as const) {
    for (const change of [elsewhere, { ...elsewhere, username: "other" }])
      await expect(changeConnection(at.actor, { id, ...change })).rejects.toMatchObject({
        extras: { fields: { password: [expect.stringContaining(again)] } },
      });
  }
  expect(server.logins.count).toBe(0);
  expect(await row(id)).toEqual(before);
  // Where it stays encrypted and with the server that knows it, it stays.
  expect(await changeConnection(at.actor, { id, smtp_secure: "tls" })).toMatchObject({ password_set: true });
  expect(await changeConnection(at.actor, { id, username: "other" })).toMatchObject({ username: "other" });
  const { password } = server;
  const bare = await changeConnection(at.actor, { id, smtp_secure: "none", username: "acme", password });
  expect(bare).toMatchObject({ status: "ready", smtp_port: port });
  const free = { smtp_host: "localhost", username: null };
  expect(await changeConnection(at.actor, { id, ...free })).toMatchObject({ password_set: false });
});

test("a user name that is a secret itself is asked for again as well", async () => {
  const token = "a-server-token-1";
  const { id } = await createConnection(at.actor, smtpForm({ username: token, password: token }));
  await expect(changeConnection(at.actor, { id, smtp_host: "localhost", password: "new" })).rejects.toMatchObject({
    extras: { fields: { username: [expect.stringContaining("Enter the user name again")] } },
  });
});

test("with private addresses switched off nothing connects to them, and the words say why", async () => {
  allowPrivate("off");
  for (const smtp_host of ["127.0.0.1", "localhost", "::ffff:127.0.0.1"]) {
    const made = await createConnection(at.actor, smtpForm({ smtp_host }));
    expect(made).toMatchObject({ status: "unvalidated", last_error: expect.stringContaining("SMTP_ALLOW_PRIVATE") });
  }
  expect(server.logins).toEqual({ count: 0, atOnceMax: 0 });
});

describe("moving in place", () => {
  test("keeps id, name, webhook and secret, is noted down, and goes back too", async () => {
    const before = await createConnection(at.actor, smtpForm());
    const { id } = before;
    const native = await changeConnection(at.actor, { id, provider: "postmark", server_token: at.world.serverToken });
    expect(native).toMatchObject({
      provider: "postmark",
      status: "ready",
      display_name: before.display_name,
      webhook_url: before.webhook_url,
      webhook_secret: before.webhook_secret,
      smtp_host: null,
      password_set: false,
      server: { id: String(at.world.server.id) },
    });
    const back = await changeConnection(at.actor, {
      id,
      provider: "smtp",
      smtp_host: "127.0.0.1",
      smtp_port: server.port,
      smtp_secure: "none",
      username: "acme",
      password: server.password,
    });
    expect(back).toMatchObject({ provider: "smtp", status: "ready", server_token_last4: null, streams: [] });
    expect(await validateConnection(at.actor, { id })).toMatchObject({ status: "ready" });
    expect((await moves(at.actor)).map(({ data }) => data)).toMatchObject([
      { id, from: "smtp", to: "postmark" },
      { id, from: "postmark", to: "smtp" },
    ]);
  });

  test("asks for what it needs, and moves nothing without it", async () => {
    const { id } = await createConnection(at.actor, smtpForm());
    await expect(changeConnection(at.actor, { id, provider: "postmark" })).rejects.toMatchObject({
      extras: { fields: { server_token: [expect.stringContaining("needs the server's API token")] } },
    });
    const native = await changeConnection(at.actor, {
      id,
      provider: "postmark",
      server_token: "a-token-that-is-wrong",
    });
    expect(native).toMatchObject({ provider: "postmark", status: "unvalidated", server: null });
    await expect(changeConnection(at.actor, { id, provider: "smtp" })).rejects.toMatchObject({
      extras: { fields: { smtp_host: [expect.any(String)] } },
    });
    expect(await getConnection(at.actor, { id })).toMatchObject({ provider: "postmark" });
  });
});
