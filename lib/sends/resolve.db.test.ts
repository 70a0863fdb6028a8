import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, permissions, rolePermissions, systemTenant, type Tenant } from "../actor";
import type { News } from "../connections/schema";
import { db, retryTransient, transaction } from "../db";
import {
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeSend,
  makeSendAttempts,
  makeSends,
  makeUser,
  makeWorkspace,
  nextId,
  type SendOver,
} from "../testing/factory";
import { onWake } from "../wake";
import { getSend, resolveSend, resolveSends, waitingSends } from "./index";
import { takeNews } from "./news";
import type { Resolution } from "./schema";

const hour = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms);

let workspaceId: string;
let tenant: Tenant;
let ana: Actor;
let ben: Actor;
let at: { workspaceId: string; connectionId: string; messageStream: string };
let run: { workspaceId: string; automationId: string; versionId: string };

const person = async (name: string): Promise<Actor> => ({
  kind: "user",
  id: (await makeUser(db, { name })).id,
  workspaceId,
  role: "marketer",
  permissions: rolePermissions.marketer,
});

beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  tenant = systemTenant(workspaceId);
  [ana, ben] = await Promise.all([person("Ana"), person("Ben")]);
  const connectionId = (await makeConnection(db, { workspaceId })).id;
  const automation = await makeAutomation(db, { workspaceId, connectionId });
  at = { workspaceId, connectionId, messageStream: "broadcast" };
  run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
});

/** Sends of runs that stand at them, waiting. */
async function standing(count: number, over: SendOver = {}) {
  const runs = await makeEnrollments(
    db,
    run,
    Array.from({ length: count }, () => ({ stepId: "welcome", dueAt: new Date(Date.now() + 24 * hour) })),
  );
  const sends = await makeSends(
    db,
    at,
    runs.map(({ id, profileId }) => ({
      ...at,
      automationId: run.automationId,
      versionId: run.versionId,
      enrollmentId: id,
      stepId: "welcome",
      profileId,
      toEmail: `${id}@example.com`,
      ...over,
    })),
  );
  return sends.map(({ id }) => id);
}

/** Asked, no answer, looked up in a minute. */
async function unknowns(count: number, over: SendOver = {}) {
  const ids = await standing(count, {
    status: "unknown",
    reason: "no_answer",
    attempts: 1,
    unknownSince: ago(hour),
    dueAt: new Date(Date.now() + 60_000),
    ...over,
  });
  const startedAt = ago(hour);
  await makeSendAttempts(
    db,
    at,
    ids.map((sendId) => ({ ...at, sendId, startedAt, sendBy: startedAt, detail: "no complete answer in time" })),
  );
  return ids;
}
const unknown = async (over: SendOver = {}) => first(await unknowns(1, over));
const late = async () =>
  first(await standing(1, { status: "queued", reason: "late", dueAt: null, scheduledAt: ago(30 * hour) }));
const first = ([id]: string[]): string => id ?? "";

const row = (id: string) => db.prisma.send.findUniqueOrThrow({ where: { workspaceId_id: { workspaceId, id } } });
const attemptsOf = (sendId: string) =>
  db.prisma.sendAttempt.findMany({ where: { workspaceId, sendId }, orderBy: { number: "asc" } });
const runOf = async (id: string) =>
  db.prisma.enrollment.findUniqueOrThrow({
    where: { workspaceId_id: { workspaceId, id: (await row(id)).enrollmentId ?? "" } },
  });
const audits = async (id: string) =>
  (await db.prisma.auditEntry.findMany({ where: { workspaceId }, orderBy: { id: "asc" } })).filter(
    ({ data }) => typeof data === "object" && data !== null && "id" in data && data.id === id,
  );
const decisionsOf = (sendId: string) =>
  db.prisma.decision.findMany({ where: { workspaceId, sendId }, orderBy: { id: "asc" } });
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (thrown) => `${thrown.code}: ${thrown.message}`,
  );

describe("an unknown send", () => {
  test("that a person marks as sent is sent, its run goes on, and everybody can read who said so", async () => {
    const id = await unknown();
    const answer = await resolveSend(ana, { id, as: "sent" });
    expect(answer).toMatchObject({ status: "sent", reason: "marked_sent", waiting_since: null, due_at: null });
    const started = (await attemptsOf(id))[0]?.startedAt.toISOString();
    expect(answer.sent_at).toBe(started);
    expect(answer.events.map(({ type }) => type).filter((type) => type !== "attempt")).toEqual([
      "queued",
      "marked_sent",
    ]);
    expect(answer.events.at(-1)?.data).toMatchObject({ by: "Ana", was: "unknown" });
    expect((await runOf(id)).dueAt?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(await decisionsOf(id)).toMatchObject([{ kind: "sent", reason: "marked_sent" }]);
    expect(await audits(id)).toMatchObject([
      { actorKind: "user", actorId: ana.id, action: "send.marked_sent", data: { was: "unknown" } },
    ]);
  });

  test("that a person sends again is due at once, as if it had been queued now, and its open calls are closed in their name", async () => {
    const id = await unknown({ scheduledAt: ago(40 * hour) });
    let rung = 0;
    const deaf = onWake(() => {
      rung += 1;
    });
    const answer = await resolveSend(ana, { id, as: "again" });
    deaf();
    expect(rung).toBeGreaterThan(0);
    expect(answer).toMatchObject({ status: "queued", reason: null });
    const now = await row(id);
    expect(now).toMatchObject({ leaseToken: null, unknownSince: null });
    expect(now.dueAt?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(now.scheduledAt).toEqual(now.dueAt);
    expect(await attemptsOf(id)).toMatchObject([
      { outcome: "absent", detail: "no complete answer in time Ana decided that it is sent again." },
    ]);
    expect(answer.events.map(({ type }) => type)).toContain("sent_again");
    const claimed = await db.sql<{ id: string; number: number }>(
      "select * from claim_sends($1, $2, 'broadcast', '1', 500, $3, $4, 1000, 5000)",
      [workspaceId, at.connectionId, nextId(), nextId()],
    );
    expect(claimed.find((one) => one.id === id)?.number).toBe(2);
  });

  test("that a person skips never leaves, and its run goes on", async () => {
    const id = await unknown();
    const answer = await resolveSend(ana, { id, as: "skip" });
    expect(answer).toMatchObject({ status: "skipped", reason: "skipped_by_person", sent_at: null });
    expect(answer.events.filter(({ type }) => type === "skipped")).toMatchObject([
      { data: { by: "Ana", reason: "skipped_by_person" } },
    ]);
    expect((await runOf(id)).dueAt?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(await audits(id)).toMatchObject([{ action: "send.skipped" }]);
  });

  test("of a test is marked or skipped, and sent again only by another test", async () => {
    const test = { ...at, kind: "test", status: "unknown", unknownSince: ago(hour), toEmail: "me@example.com" };
    const [one, two] = (await makeSends(db, at, [test, test])).map(({ id }) => id);
    expect(await refusal(resolveSend(ana, { id: one ?? "", as: "again" }))).toMatch(/^conflict: A test email/);
    const marked = await resolveSend(ana, { id: one ?? "", as: "sent" });
    expect(marked).toMatchObject({ status: "sent", reason: "marked_sent" });
    expect(marked.events.at(-1)).toMatchObject({
      type: "marked_sent",
      data: { detail: expect.stringMatching(/^Marked as sent by Ana on /) },
    });
    expect(await refusal(resolveSend(ben, { id: one ?? "", as: "skip" }))).toMatch(
      /^conflict: Marked as sent by Ana on .* UTC\. It is sent/,
    );
    expect(await resolveSend(ana, { id: two ?? "", as: "skip" })).toMatchObject({ status: "skipped" });
  });
});

describe("a late send", () => {
  test("leaves when a person says so, and is no longer late then", async () => {
    const id = await late();
    expect(await resolveSend(ana, { id, as: "again" })).toMatchObject({ status: "queued", reason: null });
    expect(Date.now() - (await row(id)).scheduledAt.getTime()).toBeLessThan(hour);
    expect(await audits(id)).toMatchObject([{ action: "send.sent_again", data: { was: "late" } }]);
  });

  test("is skipped when a person says so, and cannot have been sent", async () => {
    const id = await late();
    expect(await refusal(resolveSend(ana, { id, as: "sent" }))).toMatch(/^conflict: It never left/);
    expect(await resolveSend(ana, { id, as: "skip" })).toMatchObject({ status: "skipped" });
    expect((await runOf(id)).dueAt?.getTime()).toBeLessThanOrEqual(Date.now());
  });
});

describe("what is not for a person to decide", () => {
  test.each([
    ["queued", null, "It is queued and leaves by itself."],
    ["sending", null, "It is being handed to the provider at this moment: look again in a minute."],
    ["delivered", null, "It is delivered, so nothing is left to decide."],
    ["failed", "refused", "It failed, so nothing is left to decide."],
    ["skipped", "suppressed", "It is skipped, so nothing is left to decide."],
  ])("a send that is %s (%s) says so", async (status, reason, sentence) => {
    const { id } = await makeSend(db, { ...at, status, reason });
    for (const as of ["sent", "again", "skip"] as const)
      expect(await refusal(resolveSend(ana, { id, as }))).toBe(`conflict: ${sentence}`);
    expect(await audits(id)).toEqual([]);
  });

  test("a send that one fact holds names that fact", async () => {
    const failing = await makeConnection(db, { workspaceId, status: "failing" });
    const { id } = await makeSend(db, { ...at, connectionId: failing.id });
    expect(await refusal(resolveSend(ana, { id, as: "again" }))).toBe(
      "conflict: It is held because its connection is failing, and leaves once that works again.",
    );
  });

  test("belongs to nobody else: another workspace's send, an id that is none, a role without the right", async () => {
    const id = await unknown();
    const stranger: Actor = {
      ...ana,
      kind: "operator",
      workspaceId: (await makeWorkspace(db)).id,
      permissions: new Set(permissions),
    };
    expect(await refusal(resolveSend(stranger, { id, as: "skip" }))).toMatch(/^not_found/);
    expect(await resolveSends(stranger, { ids: [id], as: "skip" })).toMatchObject({ resolved: 0, errors: [{ id }] });
    expect(await refusal(resolveSend(ana, { id: "no-id", as: "skip" }))).toMatch(/^not_found/);
    const viewer = { ...ana, permissions: rolePermissions.viewer };
    expect(await refusal(resolveSend(viewer, { id, as: "skip" }))).toMatch(/^forbidden/);
    expect(await refusal(resolveSends(viewer, { ids: [id], as: "skip" }))).toMatch(/^forbidden/);
    expect((await row(id)).status).toBe("unknown");
  });
});

describe("many at once", () => {
  test("are decided in one go, and each that could not be is named with its reason", async () => {
    const open = await unknowns(40);
    const delivered = (await makeSend(db, { ...at, status: "delivered" })).id;
    const nobodys = nextId();
    const ids = [...open, open[0] ?? "", delivered, nobodys, "no-id", (open[1] ?? "").toUpperCase()];
    const { resolved, errors } = await resolveSends(ana, { ids, as: "skip" });
    expect(resolved).toBe(40);
    expect(errors).toEqual([
      { id: delivered, error: "conflict", detail: "It is delivered, so nothing is left to decide." },
      { id: nobodys, error: "not_found", detail: expect.any(String) },
      { id: "no-id", error: "not_found", detail: expect.any(String) },
    ]);
    const rows = await db.prisma.send.findMany({ where: { workspaceId, id: { in: open } } });
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["skipped"]));
    expect(await audits(open[39] ?? "")).toHaveLength(1);
  });

  test("named in other orders by several people at once are each decided once, and nobody waits for ever", async () => {
    const ids = await unknowns(60);
    const crowd = await Promise.all(Array.from({ length: 6 }, (_, index) => person(`Person ${index}`)));
    const answers: Resolution[] = ["sent", "again", "skip"];
    const told = await Promise.all(
      crowd.map((actor, index) =>
        resolveSends(actor, {
          ids: index % 2 === 0 ? ids : ids.toReversed(),
          as: answers[index % 3] ?? "skip",
        }),
      ),
    );
    // Who said the same as the first is told that it is so.
    const agreed = told.filter(({ resolved }) => resolved === 60);
    expect(agreed).toHaveLength(2);
    expect(told.filter(({ errors }) => errors.length === 60)).toHaveLength(4);
    for (const id of ids.slice(0, 10)) {
      expect(await audits(id)).toHaveLength(1);
      expect(await decisionsOf(id)).toHaveLength(1);
    }
  });
});

describe("who decides first", () => {
  test("a person who presses twice decides once", async () => {
    for (const as of ["sent", "again", "skip"] as const) {
      const id = await unknown();
      const twice = await Promise.all([resolveSend(ana, { id, as }), resolveSend(ana, { id, as })]);
      expect(new Set(twice.map(({ status }) => status)).size).toBe(1);
      expect(await audits(id)).toHaveLength(1);
      expect(await decisionsOf(id)).toHaveLength(1);
    }
  });

  test("of two people who differ the first wins, and the other reads who was first, and when", async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await unknown();
      const [one, two] = await Promise.all([
        refusal(resolveSend(ana, { id, as: "sent" })),
        refusal(resolveSend(ben, { id, as: "again" })),
      ]);
      const { status } = await row(id);
      expect([one, two].filter((said) => said === "done")).toHaveLength(1);
      expect(one === "done" ? "sent" : "queued").toBe(status);
      expect(one === "done" ? two : one).toMatch(
        one === "done"
          ? /^conflict: Ana marked it as sent on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. It is sent/
          : /^conflict: Ben decided to send it again on .* UTC\. It is queued/,
      );
      expect(await audits(id)).toHaveLength(1);
    }
  });

  test("a send that becomes unknown once more is open to another answer", async () => {
    const id = await unknown();
    await resolveSend(ana, { id, as: "again" });
    await db.sql("update sends set status = 'unknown', unknown_since = now() where workspace_id = $1 and id = $2", [
      workspaceId,
      id,
    ]);
    expect(await resolveSend(ben, { id, as: "sent" })).toMatchObject({ status: "sent" });
    expect(await audits(id)).toHaveLength(2);
  });
});

describe("against what happens at the same moment", () => {
  const save = (token: string, id: string, outcome: Record<string, unknown>, attempt: Record<string, unknown> = {}) =>
    db.sql<{ lost: string }>("select lost from save_sends($1, $2, $3::jsonb, $4::jsonb, '[]')", [
      workspaceId,
      token,
      JSON.stringify([{ send_id: id, number: 1, undo: false, ...attempt }]),
      JSON.stringify([{ id, number: 1, ...outcome }]),
    ]);
  const found = { fact: "accepted", status: "sent", provider_message_id: "found-1" };

  /** A look-up has it: its lease is open. */
  async function lookedUp() {
    const id = await unknown({ leaseToken: nextId() });
    return { id, token: (await row(id)).leaseToken ?? "" };
  }

  test("a look-up that ends first settles it, and the person reads that nothing is left", async () => {
    const { id, token } = await lookedUp();
    let ask: Promise<string> | undefined;
    await transaction(async () => {
      await save(token, id, found, { outcome: "accepted" });
      ask = settledOutside(() => resolveSend(ana, { id, as: "again" }));
      await blocked();
    });
    expect(await ask).toBe("conflict: It is sent, so nothing is left to decide.");
    expect(await row(id)).toMatchObject({ status: "sent", reason: null });
    expect(await audits(id)).toEqual([]);
  });

  test("a look-up that ends later has lost its lease: it can prove nothing away, and what it finds still counts", async () => {
    const gone = await lookedUp();
    await resolveSend(ana, { id: gone.id, as: "skip" });
    expect((await row(gone.id)).leaseToken).toBeNull();
    expect(await save(gone.token, gone.id, { status: "queued" }, { outcome: "absent" })).toEqual([{ lost: gone.id }]);
    expect((await row(gone.id)).status).toBe("skipped");

    const there = await lookedUp();
    await resolveSend(ana, { id: there.id, as: "again" });
    expect(await save(there.token, there.id, found, { outcome: "accepted" })).toEqual([]);
    expect(await row(there.id)).toMatchObject({ status: "sent", dueAt: null, providerMessageId: "found-1" });
    expect(await attemptsOf(there.id)).toMatchObject([{ outcome: "accepted" }]);
  });

  const delivered = (id: string): News => ({
    kind: "delivered",
    recordType: "Delivery",
    newsKey: `key-${id}`,
    providerMessageId: `m-${id}`,
    sendId: id,
    recipient: "ana@example.com",
    stream: "broadcast",
    occurredAt: new Date().toISOString(),
    suppression: null,
    data: {},
  });
  const take = (id: string) =>
    retryTransient(() => transaction((tx) => takeNews(tx, tenant, at.connectionId, [delivered(id)])));

  test("news that comes first settles it", async () => {
    const id = await unknown();
    let ask: Promise<string> | undefined;
    await transaction(async (tx) => {
      await takeNews(tx, tenant, at.connectionId, [delivered(id)]);
      ask = settledOutside(() => resolveSend(ana, { id, as: "skip" }));
      await blocked();
    });
    expect(await ask).toBe("conflict: It is delivered, so nothing is left to decide.");
  });

  test.each(["sent", "again", "skip"] as const)("news that comes after “%s” still counts", async (as) => {
    const id = await unknown();
    await resolveSend(ana, { id, as });
    await take(id);
    expect(await row(id)).toMatchObject({ status: "delivered", dueAt: null });
    const { events } = await getSend(ana, { id });
    expect(events.map(({ type }) => type)).toContain("delivered");
    expect(await refusal(resolveSend(ben, { id, as: "again" }))).toMatch(as === "again" ? /Ana decided/ : /Ana/);
  });

  test("news and people at the same moment leave no send in between, whoever is first", async () => {
    const ids = await unknowns(30);
    await Promise.all([
      ...ids.map((id) => take(id)),
      resolveSends(ana, { ids: ids.slice(0, 20), as: "again" }),
      resolveSends(ben, { ids: ids.slice(10).toReversed(), as: "skip" }),
    ]);
    const rows = await db.prisma.send.findMany({ where: { workspaceId, id: { in: ids } } });
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["delivered"]));
    expect(rows.filter(({ dueAt }) => dueAt !== null)).toEqual([]);
  });

  /** In a connection of its own, though called inside a transaction. */
  const settledOutside = async (work: () => Promise<unknown>): Promise<string> => {
    const { outsideTransaction } = await import("../db");
    return outsideTransaction(() => refusal(work()));
  };
  /** Until somebody waits for a lock. */
  const blocked = () =>
    expect
      .poll(async () => {
        const [waiting] = await db.sql<{ n: number }>(
          "select count(*)::int n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return waiting?.n;
      })
      .toBeGreaterThan(0);
});

test("what waits is counted: unknown, held by one fact, late, and what a person should look at", async () => {
  const id = (await makeWorkspace(db)).id;
  const actor = { ...ana, workspaceId: id };
  expect(await waitingSends(actor)).toEqual({ unknown: 0, held: 0, late: 0, cannotKnow: 0, toDecide: 0 });
  const [good, failing] = [
    await makeConnection(db, { workspaceId: id }),
    await makeConnection(db, { workspaceId: id, status: "failing" }),
  ];
  const of = (connectionId: string, over: SendOver) => ({ workspaceId: id, connectionId, ...over });
  await makeSends(db, { workspaceId: id }, [
    of(good.id, {}),
    of(good.id, { status: "unknown", reason: "no_answer", unknownSince: ago(60_000) }),
    of(good.id, { status: "unknown", reason: "no_answer", unknownSince: ago(2 * hour) }),
    of(good.id, { status: "unknown", reason: "cannot_know", unknownSince: ago(60_000) }),
    of(good.id, { reason: "late", dueAt: null }),
    of(good.id, { dueAt: null }),
    of(failing.id, {}),
    of(failing.id, { reason: "late", dueAt: null }),
    of(failing.id, { status: "sent" }),
  ]);
  expect(await waitingSends(actor)).toEqual({ unknown: 3, held: 4, late: 2, cannotKnow: 1, toDecide: 4 });
  await db.sql("update workspaces set sending_stopped_at = now() where id = $1", [id]);
  expect(await waitingSends(actor)).toMatchObject({ held: 5 });
});
