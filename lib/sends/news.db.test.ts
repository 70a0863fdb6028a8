import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { systemTenant, type Tenant } from "../actor";
import type { News } from "../connections/schema";
import { db, retryTransient, transaction } from "../db";
import { suppressedAmong } from "../suppressions";
import {
  makeAutomation,
  makeConnection,
  makeEnrollment,
  makeProfile,
  makeSend,
  makeSendAttempts,
  makeWorkspace,
  nextId,
} from "../testing/factory";
import { advance, type SendFact, type SendStatus } from "./advance";
import { applyPendingNews, sweepPendingNews, takeNews } from "./news";

let workspaceId: string;
let tenant: Tenant;
let connectionId: string;
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  tenant = systemTenant(workspaceId);
  connectionId = (await makeConnection(db, { workspaceId })).id;
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
let serial = 0;
const news = (over: Partial<News> = {}): News => {
  serial += 1;
  return {
    kind: "delivered",
    recordType: "Delivery",
    newsKey: `key-${serial}`,
    providerMessageId: null,
    sendId: null,
    recipient: "ana@example.com",
    stream: "broadcast",
    occurredAt: at(0),
    suppression: null,
    data: {},
    ...over,
  };
};
const bounce = (over: Partial<News> = {}) =>
  news({
    kind: "bounced",
    recordType: "Bounce",
    suppression: { active: true, reason: "hard_bounce", origin: "recipient", scope: "workspace" },
    ...over,
  });

const take = (...items: News[]) => retryTransient(() => transaction((tx) => takeNews(tx, tenant, connectionId, items)));
const sendOf = (id: string) => db.prisma.send.findUniqueOrThrow({ where: { workspaceId_id: { workspaceId, id } } });
const newSend = (over: Partial<Parameters<typeof makeSend>[1]> = {}) =>
  makeSend(db, { workspaceId, connectionId, ...over });
const timelineOf = async (sendId: string) =>
  (await db.prisma.engagementEvent.findMany({ where: { workspaceId, sendId }, orderBy: { id: "asc" } })).map(
    ({ kind }) => kind,
  );

/** A run that stands at a step with the send of that step, leased by a worker that is looking at it. */
async function waitingRun(over: Partial<Parameters<typeof makeSend>[1]>) {
  const automation = await makeAutomation(db, { workspaceId, connectionId });
  const profile = await makeProfile(db, { workspaceId, email: `${nextId()}@example.com` });
  const run = await makeEnrollment(db, {
    workspaceId,
    automationId: automation.id,
    versionId: automation.version.id,
    profileId: profile.id,
    stepId: "welcome",
    dueAt: new Date("2030-01-01"),
    leaseToken: nextId(),
  });
  const send = await newSend({
    automationId: automation.id,
    enrollmentId: run.id,
    stepId: "welcome",
    profileId: profile.id,
    ...over,
  });
  return { run, send, profile };
}

describe("news about a send", () => {
  test("raises its status and keeps what happened when", async () => {
    const { id } = await newSend({ status: "sent", dueAt: null, providerMessageId: "m-1", sentAt: new Date(at(0)) });
    const [opened, delivered] = [
      news({ kind: "opened", sendId: id, occurredAt: at(2) }),
      news({ sendId: id, occurredAt: at(1) }),
    ];
    expect(await take(opened)).toMatchObject({ matched: 1, pending: 0, woken: 0 });
    expect(await sendOf(id)).toMatchObject({ status: "sent", opens: 1, openedAt: new Date(at(2)) });
    await take(delivered, opened);
    expect(await sendOf(id)).toMatchObject({ status: "delivered", opens: 1, deliveredAt: new Date(at(1)) });
    expect(await timelineOf(id)).toEqual(["opened", "delivered"]);
  });

  test("is matched by the message id where the metadata names no send of ours", async () => {
    const { id } = await newSend({ status: "sent", dueAt: null, providerMessageId: "m-2" });
    await take(news({ sendId: "snd_someone_elses", providerMessageId: "m-2" }));
    expect((await sendOf(id)).status).toBe("delivered");
  });

  test("never touches a send of another connection or workspace", async () => {
    const other = await makeConnection(db, { workspaceId });
    const beside = await newSend({ connectionId: other.id, status: "sent", dueAt: null, providerMessageId: "m-3" });
    const foreign = await makeWorkspace(db);
    const away = await makeSend(db, { workspaceId: foreign.id, status: "sent", dueAt: null, providerMessageId: "m-3" });
    const taken = await take(
      news({ sendId: beside.id, providerMessageId: "m-3" }),
      news({ sendId: away.id, providerMessageId: "m-3" }),
    );
    expect(taken).toMatchObject({ matched: 0, pending: 2 });
    expect((await sendOf(beside.id)).status).toBe("sent");
    expect((await db.prisma.send.findFirstOrThrow({ where: { id: away.id } })).status).toBe("sent");
  });

  test.each(["queued", "sending", "unknown"] as const)(
    "settles one that is still %s: nothing is due, nobody's lease counts, and its run goes on",
    async (status) => {
      const leaseToken = nextId();
      const { send, run, profile } = await waitingRun({
        status,
        leaseToken,
        unknownSince: new Date(),
        reason: "no_answer",
        attempts: 2,
      });
      const attempt = { sendId: send.id, connectionId, messageStream: "broadcast" };
      await makeSendAttempts(db, { workspaceId }, [
        { ...attempt, number: 1, outcome: "not_sent", startedAt: new Date(at(0)) },
        { ...attempt, number: 2, startedAt: new Date(at(3)) },
      ]);
      const messageId = nextId();
      const taken = await take(news({ sendId: send.id, providerMessageId: messageId, occurredAt: at(5) }));
      expect(taken.woken).toBe(1);
      expect(await sendOf(send.id)).toMatchObject({
        status: "delivered",
        dueAt: null,
        leaseToken: null,
        unknownSince: null,
        reason: null,
        providerMessageId: messageId,
        toEmail: "ana@example.com",
        sentAt: new Date(at(3)),
        deliveredAt: new Date(at(5)),
      });
      const attempts = await db.prisma.sendAttempt.findMany({ where: { sendId: send.id }, orderBy: { number: "asc" } });
      expect(attempts.map(({ outcome }) => outcome)).toEqual(["not_sent", "accepted"]);
      const woken = await db.prisma.enrollment.findFirstOrThrow({ where: { id: run.id } });
      expect(woken.leaseToken).toBeNull();
      expect(woken.dueAt?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
      const told = await db.prisma.decision.findMany({ where: { workspaceId, profileId: profile.id } });
      expect(told).toMatchObject([{ kind: "sent", reason: "reported", sendId: send.id, enrollmentId: run.id }]);
    },
  );

  test("leaves a run alone that has gone on to another step", async () => {
    const { send, run } = await waitingRun({ status: "sending" });
    await db.prisma.enrollment.update({
      where: { workspaceId_id: { workspaceId, id: run.id } },
      data: { stepId: "later", dueAt: new Date("2030-01-01") },
    });
    expect((await take(news({ sendId: send.id }))).woken).toBe(0);
  });

  test("of a delay or an automatic reply changes no status, but stands in the history", async () => {
    const { id } = await newSend({ status: "sent", dueAt: null });
    await take(news({ kind: "transient", sendId: id }));
    expect((await sendOf(id)).status).toBe("sent");
    expect(await timelineOf(id)).toEqual(["transient"]);
  });

  test("of a refusal after acceptance fails it", async () => {
    const { send } = await waitingRun({ status: "sending" });
    await take(news({ kind: "failed", sendId: send.id, data: { description: "Inactive recipient" } }));
    expect(await sendOf(send.id)).toMatchObject({ status: "failed", reason: "refused", detail: "Inactive recipient" });
  });

  test("counts a click once for each link and recipient, however often it is reported", async () => {
    const { id } = await newSend({ status: "delivered", dueAt: null });
    const click = (link: string, minute: number) =>
      news({ kind: "clicked", sendId: id, occurredAt: at(minute), data: { link } });
    const long = `https://example.com/${"x".repeat(3000)}`;
    await take(click("https://a.example", 3), click("https://a.example", 4), click(long, 5));
    await take(click("https://a.example", 1), click(long, 2));
    expect(await sendOf(id)).toMatchObject({ clicks: 2, clickedAt: new Date(at(1)) });
    expect(await timelineOf(id)).toHaveLength(5);
  });

  test("with characters that no database takes is kept without them", async () => {
    const { id } = await newSend({ status: "sent", dueAt: null });
    await take(news({ sendId: id, data: { user_agent: "a\u0000b\ud800c" } }));
    const [event] = await db.prisma.engagementEvent.findMany({ where: { sendId: id } });
    expect(event?.data).toMatchObject({ user_agent: "ab\ufffdc" });
  });
});

describe("suppressions that news brings", () => {
  const heldFor = async (email: string, stream = "broadcast") =>
    (await suppressedAmong(db, tenant, { emails: [email], connectionId, stream })).get(email)?.reason ?? null;

  test("hold from the same transaction on, also for people whom we never wrote to", async () => {
    const recipient = `${nextId()}@example.com`;
    const taken = await take(bounce({ recipient, providerMessageId: nextId() }));
    expect(taken).toMatchObject({ matched: 0, pending: 1 });
    expect(await heldFor(recipient)).toBe("hard_bounce");
  });

  test("are told in the person's decisions once, with the message that brought them", async () => {
    const { send, profile } = await waitingRun({ status: "sent", dueAt: null });
    const recipient = `${nextId()}@example.com`;
    await take(bounce({ sendId: send.id, recipient }));
    await take(bounce({ sendId: send.id, recipient, kind: "subscription", occurredAt: at(1) }));
    const told = await db.prisma.decision.findMany({ where: { workspaceId, profileId: profile.id } });
    expect(told).toMatchObject([{ kind: "suppressed", reason: "hard_bounce", sendId: send.id }]);
    expect(await timelineOf(send.id)).toEqual(["bounced", "suppressed"]);
  });

  test("of an unsubscribe hold for its stream only, and end when the recipient comes back", async () => {
    const recipient = `${nextId()}@example.com`;
    const change = (active: boolean, minute: number) =>
      news({
        kind: "subscription",
        recordType: "SubscriptionChange",
        recipient,
        occurredAt: at(minute),
        suppression: { active, reason: active ? "unsubscribe" : null, origin: "recipient", scope: "stream" },
      });
    await take(change(true, 1));
    expect(await heldFor(recipient)).toBe("unsubscribe");
    expect(await heldFor(recipient, "outbound")).toBeNull();
    await take(change(false, 3));
    expect(await heldFor(recipient)).toBeNull();
    await take(change(true, 2));
    expect(await heldFor(recipient)).toBeNull();
  });

  test("by hand at the provider hold for the workspace, until that list lets go", async () => {
    const recipient = `${nextId()}@example.com`;
    const manual = { active: true, reason: "manual", origin: "customer", scope: "stream" } as const;
    await take(news({ kind: "subscription", recipient, suppression: manual }));
    expect(await heldFor(recipient, "outbound")).toBe("manual");
    const lifted = { ...manual, active: false, reason: null };
    await take(news({ kind: "subscription", recipient, suppression: lifted, occurredAt: at(1) }));
    expect(await heldFor(recipient, "outbound")).toBeNull();
  });
});

describe("news that comes before we know the message", () => {
  test("is applied when the send learns its message id, in that same transaction, and only once", async () => {
    const { send } = await waitingRun({ status: "sending" });
    const messageId = nextId();
    await take(news({ providerMessageId: messageId }), news({ kind: "opened", providerMessageId: messageId }));
    const applied = await transaction(async (tx) => {
      await tx.prisma.send.updateMany({
        where: { id: send.id },
        data: { providerMessageId: messageId, status: "sent" },
      });
      return applyPendingNews(tx, tenant, connectionId, [messageId]);
    });
    expect(applied).toMatchObject({ matched: 2, pending: 0 });
    expect(await sendOf(send.id)).toMatchObject({ status: "delivered", opens: 1 });
    expect(await applyPendingNews(db, tenant, connectionId, [messageId])).toMatchObject({ matched: 0, pending: 0 });
  });

  test("is looked at again after 1, 10 and 60 minutes, in every workspace, and then kept", async () => {
    const other = await makeWorkspace(db);
    const there = await makeConnection(db, { workspaceId: other.id });
    const messageId = nextId();
    const [mine, theirs] = [news({ providerMessageId: messageId }), news({ providerMessageId: messageId })];
    await take(mine);
    await transaction((tx) => takeNews(tx, systemTenant(other.id), there.id, [theirs]));
    const pendingOf = (id: string) =>
      db.prisma.pendingNews.findFirstOrThrow({ where: { workspaceId: id, providerMessageId: messageId } });
    const minutes = async (id: string) => {
      const row = await pendingOf(id);
      return row.dueAt && Math.round((row.dueAt.getTime() - row.createdAt.getTime()) / 60_000);
    };
    const makeDue = () =>
      db.sql("update pending_news set due_at = now() - interval '1 second' where due_at is not null");
    expect(await minutes(other.id)).toBe(1);
    await sweepPendingNews(db, { limit: 100 });
    expect((await pendingOf(other.id)).sweeps).toBe(0);
    for (const next of [10, 60, null]) {
      await makeDue();
      await sweepPendingNews(db, { limit: 100 });
      expect(await minutes(other.id)).toBe(next);
    }
    const { id } = await newSend({ status: "sent", dueAt: null, providerMessageId: messageId });
    expect(await applyPendingNews(db, tenant, connectionId, [messageId])).toMatchObject({ matched: 1 });
    expect((await sendOf(id)).status).toBe("delivered");
    expect((await pendingOf(other.id)).dueAt).toBeNull();
  });

  test("that cannot be read holds up neither the other news of its workspace nor that of others", async () => {
    const messageId = nextId();
    await take(news({ providerMessageId: messageId, newsKey: nextId() }), news({ providerMessageId: messageId }));
    const [first] = await db.prisma.pendingNews.findMany({ where: { providerMessageId: messageId } });
    await db.sql("update pending_news set news = '{}' where id = $1", [first?.id]);
    const { id } = await newSend({ status: "sent", dueAt: null, providerMessageId: messageId });
    await db.sql("update pending_news set due_at = now() - interval '1 second' where due_at is not null");
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await sweepPendingNews(db, { limit: 100 });
    expect(told).toHaveBeenCalledOnce();
    expect((await sendOf(id)).status).toBe("delivered");
    await db.prisma.pendingNews.deleteMany({ where: { providerMessageId: messageId } });
  });

  test("is found by the sweep when webhook and settlement passed each other", async () => {
    const messageId = nextId();
    await take(news({ providerMessageId: messageId }));
    const { id } = await newSend({ status: "sent", dueAt: null, providerMessageId: messageId });
    await db.sql("update pending_news set due_at = now() - interval '1 second' where provider_message_id = $1", [
      messageId,
    ]);
    expect(await sweepPendingNews(db, { limit: 100 })).toMatchObject({ matched: 1 });
    expect((await sendOf(id)).status).toBe("delivered");
  });
});

describe("in any order, any number of times, from several processes at once", () => {
  const kinds = ["delivered", "bounced", "transient", "complained", "opened", "clicked", "failed"] as const;
  type Told = { kind: (typeof kinds)[number]; minute: number; link: string };
  const told: fc.Arbitrary<Told> = fc.record({
    kind: fc.constantFrom(...kinds),
    minute: fc.integer({ min: 0, max: 3 }),
    link: fc.constantFrom("https://a.example", "https://b.example"),
  });
  const newsOf = (sendId: string, { kind, minute, link }: Told): News =>
    news({
      kind,
      sendId,
      providerMessageId: `m-${sendId}`,
      occurredAt: at(minute),
      newsKey: `${sendId} ${kind} ${minute} ${kind === "clicked" ? link : ""}`,
      data: kind === "clicked" ? { link } : {},
    });

  /** What must come out, said in the simplest way. */
  function model(status: SendStatus, items: readonly Told[]) {
    const factOf: Partial<Record<Told["kind"], SendFact>> = {
      delivered: "delivered",
      bounced: "bounced",
      complained: "complained",
      failed: "failed",
    };
    const first = (kind: Told["kind"]) => {
      const minutes = items.filter((item) => item.kind === kind).map(({ minute }) => minute);
      return minutes.length === 0 ? null : new Date(at(Math.min(...minutes)));
    };
    const distinct = (kind: Told["kind"], keyOf: (item: Told) => unknown) =>
      new Set(items.filter((item) => item.kind === kind).map(keyOf)).size;
    return {
      status: items.reduce((now, { kind }) => advance(now, factOf[kind] ?? "accepted"), status),
      deliveredAt: first("delivered"),
      bouncedAt: first("bounced"),
      complainedAt: first("complained"),
      openedAt: first("opened"),
      clickedAt: first("clicked"),
      opens: distinct("opened", ({ minute }) => minute),
      clicks: distinct("clicked", ({ link }) => link),
      dueAt: null,
      leaseToken: null,
    };
  }

  test("one send ends as the model says", async () => {
    const start = fc.constantFrom<SendStatus>("queued", "sending", "unknown", "sent", "skipped");
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.array(told, { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat({ max: 100 }), { minLength: 20, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        async (status, items, keys, size) => {
          const inFlight = !["sent", "skipped"].includes(status);
          const { id } = await newSend({ status, ...(inFlight ? { leaseToken: nextId() } : { dueAt: null }) });
          const given = [...items, ...items].map((item, index) => [keys[index] ?? 0, newsOf(id, item)] as const);
          const shuffled = given.sort(([one], [other]) => one - other).map(([, item]) => item);
          for (let from = 0; from < shuffled.length; from += size) await take(...shuffled.slice(from, from + size));
          expect(await sendOf(id)).toMatchObject(model(status, items));
          expect((await timelineOf(id)).length).toBe(new Set(shuffled.map(({ newsKey }) => newsKey)).size);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("many sends that several callers are told of at once end as the model says", async () => {
    const sends = await Promise.all(
      Array.from({ length: 6 }, () => newSend({ status: "sending", leaseToken: nextId() })),
    );
    const items: Told[] = kinds.flatMap((kind, index) =>
      ["https://a.example", "https://b.example"].map((link, later) => ({ kind, minute: (index + later) % 4, link })),
    );
    const all = sends.flatMap(({ id }) => items.map((item) => newsOf(id, item)));
    const caller = (step: number) => {
      const mine = all.map((_, index) => all[(index * step + step) % all.length]).filter((item) => item !== undefined);
      const calls: Promise<unknown>[] = [];
      for (let from = 0; from < mine.length; from += 7) calls.push(take(...mine.slice(from, from + 7)));
      return Promise.all(calls);
    };
    await Promise.all([caller(1), caller(5), caller(11), caller(83)]);
    for (const { id } of sends) {
      expect(await sendOf(id)).toMatchObject(model("sending", items));
      expect((await timelineOf(id)).length).toBe(new Set(items.map((item) => newsOf(id, item).newsKey)).size);
    }
  });
});
