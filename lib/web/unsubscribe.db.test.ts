import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GET, HEAD, POST } from "../../app/u/[token]/route";
import { type Actor, permissions, systemTenant } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { alias } from "../events";
import { aliasInput } from "../events/schema";
import { newId } from "../ids";
import { profileTimeline } from "../sends";
import { unsubscribeToken } from "../sends/unsubscribe-link";
import { suppressedAmong } from "../suppressions";
import { makeConnection, makeProfile, makeSend, makeSuppressions, makeWorkspace } from "../testing/factory";
import { openFrontDoor } from "./testing/doors";

let front: Awaited<ReturnType<typeof openFrontDoor>>;
beforeAll(async () => {
  front = await openFrontDoor();
});
afterAll(() => front.close());

const actorIn = (workspaceId: string): Actor => ({
  kind: "secret_key",
  id: newId(),
  workspaceId,
  permissions: new Set(permissions),
});

/** Somebody got an email of ours. */
async function mailed(over: { name?: string; email?: string } = {}) {
  const email = over.email ?? "ada@example.com";
  const { id: workspaceId } = await makeWorkspace(db, { name: over.name ?? "Acme & Sons" });
  const { id: connectionId } = await makeConnection(db, { workspaceId });
  const profile = await makeProfile(db, { workspaceId, email, externalId: "ada" });
  const send = await makeSend(db, {
    workspaceId,
    connectionId,
    profileId: profile.id,
    toEmail: email,
    status: "sent",
    sentAt: new Date(),
    dueAt: null,
  });
  const token = unsubscribeToken({ workspaceId, connectionId, sendId: send.id, stream: "broadcast", email });
  return { workspaceId, connectionId, profile, send, email, token, path: `/u/${token}` };
}
type Mailed = Awaited<ReturnType<typeof mailed>>;
let mail: Mailed;
beforeEach(async () => {
  mail = await mailed();
});

const rows = ({ workspaceId }: Mailed) =>
  db.sql("select email, scope, stream, reason, origin, active from suppressions where workspace_id = $1", [
    workspaceId,
  ]);
const kinds = async ({ workspaceId, send }: Mailed) =>
  (await db.prisma.engagementEvent.findMany({ where: { workspaceId, sendId: send.id }, orderBy: { id: "asc" } })).map(
    ({ kind }) => kind,
  );
const held = async ({ workspaceId, connectionId, email }: Mailed) =>
  (await suppressedAmong(db, systemTenant(workspaceId), { emails: [email], connectionId, stream: "broadcast" })).get(
    email,
  )?.reason ?? null;
const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });
const oneClick = form({ "List-Unsubscribe": "One-Click" });
const press = (action: "unsubscribe" | "resubscribe") => form({ action });
async function page(path: string, init?: RequestInit) {
  const answer = await front.ask(path, init);
  const html = await answer.text();
  const title = /<h1>(.*)<\/h1>/.exec(html)?.[1] ?? html;
  return { status: answer.status, headers: answer.headers, title, html };
}

describe("whoever only looks changes nothing", () => {
  test("by GET, twenty at once, HEAD, a prefetch, or any other method", async () => {
    const looks = await Promise.all(Array.from({ length: 20 }, () => page(mail.path)));
    expect(new Set(looks.map(({ status, title }) => `${status} ${title}`))).toEqual(
      new Set(["200 Unsubscribe from Acme &amp; Sons?"]),
    );
    const head = await front.ask(mail.path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    await page(mail.path, { headers: { purpose: "prefetch", "sec-purpose": "prefetch" } });
    for (const method of ["PUT", "DELETE", "PATCH"])
      expect((await page(mail.path, { method, body: "List-Unsubscribe=One-Click" })).status).toBe(405);
    for (const query of ["?List-Unsubscribe=One-Click", "?action=unsubscribe"]) await page(`${mail.path}${query}`);
    expect(await rows(mail)).toEqual([]);
    expect(await kinds(mail)).toEqual([]);
  });

  test("nor does a POST that does not say what it wants", async () => {
    const bodies = ["", "x=1", "action=delete", "List-Unsubscribe=", '{"List-Unsubscribe":"One-Click"}'];
    for (const body of bodies) expect((await page(mail.path, { method: "POST", body })).status, body).toBe(400);
    expect((await page(mail.path, { method: "POST", body: "x".repeat(10_000) })).status).toBe(413);
    expect(await rows(mail)).toEqual([]);
  });
});

describe("one click", () => {
  const multipart = () => {
    const body = new FormData();
    body.set("List-Unsubscribe", "One-Click");
    return { method: "POST", body };
  };
  test.each([
    ["as a form", () => oneClick],
    ["as multipart", multipart],
  ])(
    "%s is answered in plain text, holds for this stream, and stands with the email and its person",
    async (_n, call) => {
      const answer = await front.ask(mail.path, call());
      expect([answer.status, await answer.text()]).toEqual([200, "You are unsubscribed.\n"]);
      expect(answer.headers.get("content-type")).toContain("text/plain");
      expect(await rows(mail)).toEqual([
        {
          email: "ada@example.com",
          scope: "stream",
          stream: "broadcast",
          reason: "unsubscribe",
          origin: "recipient",
          active: true,
        },
      ]);
      expect(await kinds(mail)).toEqual(["unsubscribed"]);
      const timeline = await profileTimeline(actorIn(mail.workspaceId), { id: mail.profile.id, limit: 50 });
      expect(timeline.data.map(({ name }) => name)).toContain("unsubscribed");
      const why = await db.prisma.decision.findMany({ where: { workspaceId: mail.workspaceId } });
      expect(why).toMatchObject([{ kind: "suppressed", reason: "unsubscribe", sendId: mail.send.id }]);
    },
  );

  test("many times at once is one unsubscribe", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => front.ask(mail.path, oneClick)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await kinds(mail)).toEqual(["unsubscribed"]);
  });

  test("is never refused for coming often from one address, while guessing is", async () => {
    const from = { "x-forwarded-for": "203.0.113.9" };
    const statuses = new Set<number>();
    for (let piece = 0; piece < 16; piece += 1) {
      const tries = Array.from({ length: 20 }, () => front.ask("/u/guess", { headers: from }));
      for (const { status } of await Promise.all(tries)) statuses.add(status);
    }
    expect([...statuses].sort()).toEqual([404, 429]);
    expect((await front.ask(mail.path, { ...oneClick, headers: from })).status).toBe(200);
    expect(await held(mail)).toBe("unsubscribe");
  });
});

describe("the page", () => {
  test("asks, does it, and takes it back", async () => {
    expect((await page(mail.path)).html).toContain("a••@e••••••.com");
    expect((await page(mail.path, press("unsubscribe"))).title).toBe("You are unsubscribed");
    expect((await page(mail.path)).title).toBe("You are unsubscribed");
    expect(await held(mail)).toBe("unsubscribe");
    expect((await page(mail.path, press("resubscribe"))).title).toBe("You are subscribed again");
    expect(await held(mail)).toBeNull();
    await page(mail.path, press("unsubscribe"));
    expect(await kinds(mail)).toEqual(["unsubscribed", "resubscribed", "unsubscribed"]);
    expect(await held(mail)).toBe("unsubscribe");
  });

  test("takes back the unsubscribe and nothing else: a complaint and a bounce stay, and it says so", async () => {
    await page(mail.path, press("unsubscribe"));
    await makeSuppressions(db, mail, [
      { email: mail.email, reason: "spam_complaint", origin: "recipient" },
      { email: mail.email, reason: "hard_bounce", origin: "recipient" },
      { email: mail.email, reason: "manual", origin: "customer" },
    ]);
    const undone = await page(mail.path, press("resubscribe"));
    expect(undone.title).toBe("Your unsubscribe is taken back");
    expect(undone.html).toContain("stay stopped");
    const active = await db.prisma.suppression.findMany({ where: { workspaceId: mail.workspaceId, active: true } });
    expect(active.map(({ reason }) => reason).sort()).toEqual(["hard_bounce", "manual", "spam_complaint"]);
  });

  test("a resubscribe where nothing was unsubscribed lifts nothing", async () => {
    await makeSuppressions(db, mail, [{ email: mail.email, reason: "spam_complaint", origin: "recipient" }]);
    await page(mail.path, press("resubscribe"));
    expect(await held(mail)).toBe("spam_complaint");
    expect(await kinds(mail)).toEqual([]);
  });

  test("holds although the provider's clock, which told of the last change, is ahead of ours", async () => {
    const changedAt = new Date(Date.now() + 3_600_000);
    const { connectionId, email } = mail;
    const lifted = { email, connectionId, changedAt, active: false, scope: "stream", stream: "broadcast" };
    await makeSuppressions(db, mail, [{ ...lifted, reason: "unsubscribe", origin: "recipient" }]);
    await front.ask(mail.path, oneClick);
    expect(await held(mail)).toBe("unsubscribe");
  });

  test("shows nothing of the request, runs nothing, is kept by nobody and tells no one its address", async () => {
    const hostile = await mailed({ name: `<script>alert("x")</script>` });
    const shown = await page(`${hostile.path}?x=<b>reflected</b>`, {
      headers: { referer: "https://reflected.example" },
    });
    expect(shown.html).not.toMatch(/<script|reflected|ada@example\.com/i);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      ),
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex, nofollow",
      "x-content-type-options": "nosniff",
    });
    expect(shown.html).not.toContain(hostile.token);
    expect(shown.headers.get("set-cookie")).toBeNull();
  });
});

describe("a link", () => {
  test("that was cut, changed or guessed is told from one that works, and does nothing", async () => {
    const { token } = mail;
    for (const bad of [token.slice(0, -3), `${token}A`, token.replace(/.$/, "!"), "x", "%00", "a".repeat(5_000)]) {
      expect(await page(`/u/${bad}`), bad).toMatchObject({ status: 404, title: "This link does not work" });
      expect((await front.ask(`/u/${bad}`, oneClick)).status, bad).toBe(404);
    }
    expect(await rows(mail)).toEqual([]);
  });

  test("says for which workspace it is: another's ids in it are no link", async () => {
    const other = await mailed();
    const [mine, theirs] = [mail.token, other.token].map((token) => Buffer.from(token, "base64url"));
    if (!mine || !theirs) throw new Error("two were made");
    const forged = Buffer.concat([mine.subarray(0, 1), theirs.subarray(1, 17), mine.subarray(17)]);
    expect((await front.ask(`/u/${forged.toString("base64url")}`, oneClick)).status).toBe(404);
    await front.ask(mail.path, oneClick);
    expect([await rows(other), await kinds(other)]).toEqual([[], []]);
  });

  test("works after the keys were rotated", async () => {
    const before = process.env.ENCRYPTION_KEYS;
    process.env.ENCRYPTION_KEYS = `new:${Buffer.alloc(32, 9).toString("base64")},${before}`;
    forgetEnv();
    expect((await front.ask(mail.path, oneClick)).status).toBe(200);
    process.env.ENCRYPTION_KEYS = before;
    forgetEnv();
    expect(await held(mail)).toBe("unsubscribe");
  });

  test("works when its person, their address and the send itself are gone", async () => {
    await db.sql("delete from sends where workspace_id = $1", [mail.workspaceId]);
    await db.sql("delete from profiles where workspace_id = $1", [mail.workspaceId]);
    expect((await page(mail.path, press("unsubscribe"))).title).toBe("You are unsubscribed");
    expect(await held(mail)).toBe("unsubscribe");
    expect((await page(mail.path, press("resubscribe"))).title).toBe("You are subscribed again");
  });

  test("of somebody who was merged counts for the address, and the survivor's history shows it", async () => {
    const survivor = await makeProfile(db, { workspaceId: mail.workspaceId, email: null, externalId: "countess" });
    const actor = actorIn(mail.workspaceId);
    await alias(actor, aliasInput.parse({ user_id: "countess", previous_id: "ada" }));
    await front.ask(mail.path, oneClick);
    const timeline = await profileTimeline(actor, { id: survivor.id, limit: 50 });
    expect(timeline.data.map(({ name }) => name)).toContain("unsubscribed");
    expect(await held(mail)).toBe("unsubscribe");
  });

  test("of a workspace that is no longer here says so", async () => {
    const { connectionId } = mail;
    const gone = { workspaceId: newId(), connectionId, sendId: newId(), stream: "broadcast", email: mail.email };
    const path = `/u/${unsubscribeToken(gone)}`;
    expect(await page(path)).toMatchObject({ status: 410, title: "This sender is gone" });
    expect((await front.ask(path, oneClick)).status).toBe(410);
  });
});

test("the route module is the same door, for where there is no front door", async () => {
  const context = { params: Promise.resolve({ token: mail.token }) };
  const doors = { GET, HEAD, POST };
  const ask = (method: keyof typeof doors, init: RequestInit = {}) =>
    doors[method](new Request(`https://mail.example.com${mail.path}`, { method, ...init }), context);
  expect([(await ask("GET")).status, (await ask("HEAD")).status]).toEqual([200, 200]);
  expect((await ask("POST", { body: new URLSearchParams({ action: "unsubscribe" }) })).status).toBe(200);
  expect(await held(mail)).toBe("unsubscribe");
});
