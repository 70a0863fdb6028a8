import { describe, expect, test } from "vitest";
import { type Actor, permissions, rolePermissions } from "../actor";
import { db } from "../db";
import { makeConnection, makeSend, makeSends, makeWorkspace, nextId } from "../testing/factory";
import { onWake } from "../wake";
import { resolveSend, resolveSends } from "./index";
import type { Resolution } from "./schema";
import {
  ago,
  ana,
  at,
  attemptsOf,
  audits,
  ben,
  decisionsOf,
  hour,
  late,
  person,
  refusal,
  row,
  runOf,
  unknown,
  unknowns,
  workspaceId,
} from "./testing/undecided";

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
