import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Actor, permissions } from "../actor";
import { changeConnection, createConnection } from "../connections";
import { createConnectionInput } from "../connections/schema";
import { type MailServer, startMailServer } from "../connections/testing/mail-server";
import { db } from "../db";
import { forgetEnv } from "../env";
import type { Sandbox, World as Server } from "../sandbox";
import { startSandbox } from "../sandbox";
import { resolveSend } from "../sends";
import { makeAutomation, makeEnrollments, makeProfiles, makeWorkspace } from "../testing/factory";
import { dispatch, sendTest } from "./index";
import { people, quiesce } from "./testing/world";

let sandbox: Sandbox;
let mail: MailServer;
beforeAll(async () => {
  sandbox = await startSandbox({ indexLagMs: 0, deliverAfterMs: 60_000, seed: 1 });
  process.env.POSTMARK_SEARCH_LAG_MS = "200";
  process.env.POSTMARK_TIMEOUT_MS = "4000";
});
beforeEach(async () => {
  mail = await startMailServer();
});
afterEach(async () => {
  await quiesce();
  await mail.close();
});
afterAll(() => sandbox.close());

let worlds = 0;
/** A workspace whose automation writes through a real SMTP server, with a native server to move to. */
async function makePlace() {
  worlds += 1;
  const native: Server = sandbox.world(`world-${worlds}`);
  process.env.POSTMARK_API_URL = native.apiUrl;
  forgetEnv();
  const { id: workspaceId } = await makeWorkspace(db);
  const actor: Actor = {
    kind: "user",
    id: "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31",
    workspaceId,
    permissions: new Set(permissions),
  };
  const login = { smtp_host: "127.0.0.1", smtp_port: mail.port, smtp_secure: "none" as const };
  const bySmtp = { provider: "smtp" as const, ...login, username: "acme", password: mail.password };
  const form = { display_name: "Office", from_email: "hello@example.com", ...bySmtp };
  const { id } = await createConnection(actor, createConnectionInput.parse(form));
  const automation = await makeAutomation(db, { workspaceId, connectionId: id });
  const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
  let from = 0;
  return {
    id,
    actor,
    native,
    async enroll(count: number) {
      const profiles = await makeProfiles(db, { workspaceId }, people(count, from));
      from += count;
      await makeEnrollments(
        db,
        run,
        profiles.map((profile) => ({ profileId: profile.id })),
      );
    },
    sends: () => db.prisma.send.findMany({ where: { workspaceId }, orderBy: { id: "asc" } }),
    statuses: async () =>
      (await db.prisma.send.findMany({ where: { workspaceId } })).map(({ status }) => status).sort(),
    attempts: () => db.prisma.sendAttempt.findMany({ where: { workspaceId }, orderBy: { sendId: "asc" } }),
    toNative: () => changeConnection(actor, { id, provider: "postmark", server_token: native.serverToken }),
    toSmtp: () => changeConnection(actor, { id, ...bySmtp }),
    /** Who was written to, whichever way. */
    written: () => [...mail.taken.map(({ to }) => to), ...nativeTo(native)].sort(),
    /** As if the time had come to look at everything again. */
    async letTimePass() {
      await db.sql("update send_lanes set not_before = null where workspace_id = $1", [workspaceId]);
      await db.sql(
        "update sends set due_at = clock_timestamp() - interval '1 second' where workspace_id = $1 and due_at is not null",
        [workspaceId],
      );
    },
  };
}
const nativeTo = (server: Server) =>
  server
    .outbox()
    .flatMap(({ recipients }) => recipients.map(({ email }) => email))
    .filter((email) => !email.includes("blackhole"));
const pass = () => dispatch({ budgetMs: 8_000, kind: "worker" });
const emails = (...numbers: number[]) => numbers.map((number) => `person-${number}@example.com`);

test("mail by SMTP arrives once each; what one address is refused for stops nobody else's", async () => {
  const place = await makePlace();
  mail.refuse("RCPT", "person-3@example.com", { code: 550, words: "5.1.1 No such user" });
  await place.enroll(9);
  await pass();
  expect(place.written()).toEqual(emails(0, 1, 2, 4, 5, 6, 7, 8));
  expect(await place.statuses()).toEqual([...Array(8).fill("sent"), "skipped"].sort());
  const sent = (await place.sends()).filter(({ status }) => status === "sent");
  expect(sent.map(({ providerMessageId }) => providerMessageId)).toEqual(sent.map(({ id }) => `<${id}@example.com>`));
});

test("mail whose answer was lost stays unknown with the reason, is never sent again by itself, and a person decides", async () => {
  const place = await makePlace();
  mail.happen("cut after the last line unread");
  await place.enroll(1);
  await pass();
  for (let looks = 0; looks < 3; looks += 1) {
    await place.letTimePass();
    await pass();
  }
  expect(await place.sends()).toMatchObject([
    {
      status: "unknown",
      reason: "cannot_know",
      detail: expect.stringContaining("SMTP cannot be asked"),
      dueAt: expect.any(Date),
    },
  ]);
  expect(mail.taken).toEqual([]);
  const [send] = await place.sends();
  await resolveSend(place.actor, { id: send?.id ?? "", as: "again" });
  await pass();
  expect(place.written()).toEqual(emails(0));
  expect(await place.statuses()).toEqual(["sent"]);
});

test("a server that puts mail off gets it later, and once", async () => {
  const place = await makePlace();
  mail.happen("put off");
  await place.enroll(2);
  await pass();
  expect(await place.statuses()).toEqual(["queued", "sent"]);
  await place.letTimePass();
  await pass();
  expect(place.written()).toEqual(emails(0, 1));
});

test("a login that is refused holds the connection and burns nothing; the right one lets all of it go", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const place = await makePlace();
  mail.password = "rotated";
  await place.enroll(3);
  await pass();
  const { workspaceId } = place.actor;
  expect(await db.prisma.connection.findFirstOrThrow({ where: { workspaceId } })).toMatchObject({
    status: "failing",
    lastError: expect.stringMatching(/refused the login: 535.*has to be replaced here/s),
  });
  expect(await place.statuses()).toEqual(["queued", "queued", "queued"]);
  await changeConnection(place.actor, { id: place.id, password: "rotated" });
  await place.letTimePass();
  await pass();
  expect(place.written()).toEqual(emails(0, 1, 2));
});

test("a test message says at once what became of it", async () => {
  const place = await makePlace();
  const { id } = place;
  expect(await sendTest(place.actor, { id, to: "ada@example.com" })).toMatchObject({
    provider_message_id: expect.stringMatching(/^<.*@example.com>$/),
  });
  mail.refuse("MAIL", "hello@example.com", { code: 553, words: "5.7.1 Sender address rejected" });
  await expect(sendTest(place.actor, { id, to: "ada@example.com" })).rejects.toMatchObject({
    extras: { provider: { code: "from_not_verified", hint: expect.stringContaining("verify its domain") } },
  });
});

test("mail that was claimed for the old way and has not begun when the connection moves leaves the new way, once", async () => {
  const place = await makePlace();
  await place.enroll(1);
  let moved = false;
  await dispatch({
    budgetMs: 8_000,
    kind: "worker",
    step: async (name) => {
      if (name !== "confirm" || moved) return;
      moved = true;
      await place.toNative();
    },
  });
  await place.letTimePass();
  await pass();
  expect(mail.taken).toEqual([]);
  expect(nativeTo(place.native)).toEqual(emails(0));
});

test("moved to native and back with mail in every state: each email once, each settled on the way it went", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const place = await makePlace();
  mail.happen("cut after the last line unread");
  await place.enroll(1); // 0: unknown by SMTP, for good
  await pass();
  mail.happen("slow reply");
  await place.letTimePass();
  await place.enroll(1); // 1: under way while it moves
  const underWay = pass();
  await expect.poll(() => mail.taken.length, { timeout: 10_000 }).toBe(1);
  await place.toNative();
  await underWay;
  await place.enroll(2); // 2 and 3: queued, and leave the new way
  place.native.addFault({ action: "resetAfterAccept", path: "/email/batch", count: 1 });
  await pass();
  await place.letTimePass();
  await pass();
  await expect
    .poll(async () => (await place.sends()).map(({ status }) => status), { timeout: 10_000 })
    .toEqual(["unknown", "sent", expect.stringMatching(/sent|unknown/), expect.stringMatching(/sent|unknown/)]);
  await place.toSmtp();
  await place.enroll(1); // 4: by SMTP again
  await pass();
  await place.letTimePass();
  await pass();
  await place.toNative();
  await place.letTimePass();
  await pass();
  expect((await place.sends()).map(({ status }) => status)).toEqual(["unknown", "sent", "sent", "sent", "sent"]);
  expect(mail.taken.map(({ to }) => to)).toEqual(emails(1, 4));
  expect(nativeTo(place.native).sort()).toEqual(emails(2, 3));
  const ways = (await place.attempts()).map(({ serverId, outcome }) => [serverId, outcome]);
  const [smtp, native] = [`smtp:127.0.0.1:${mail.port}`, String(place.native.server.id)];
  expect(ways).toEqual([
    [smtp, null],
    [smtp, "accepted"],
    [native, "accepted"],
    [native, "accepted"],
    [smtp, "accepted"],
  ]);
});
