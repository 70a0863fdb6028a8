import { describe, expect, test } from "vitest";
import type { News } from "../connections/schema";
import { db, outsideTransaction, retryTransient, transaction } from "../db";
import { nextId } from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import { getSend, resolveSend, resolveSends } from "./index";
import { takeNews } from "./news";
import {
  ana,
  at,
  attemptsOf,
  audits,
  ben,
  decisionsOf,
  late,
  refusal,
  row,
  tenant,
  unknown,
  unknowns,
  workspaceId,
} from "./testing/undecided";

/** In a connection of its own, though called inside a transaction. */
const settledOutside = (work: () => Promise<unknown>): Promise<string> => outsideTransaction(() => refusal(work()));
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
      await somebodyWaits();
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
      await somebodyWaits();
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
});

describe("what a person saw", () => {
  /** Two people look at a late email; the other lets it go, and no answer comes. */
  const goesUnknown = (id: string) =>
    db.sql(
      "update sends set status = 'unknown', reason = 'no_answer', attempts = attempts + 1, unknown_since = now(), due_at = now() where workspace_id = $1 and id = $2",
      [workspaceId, id],
    );
  const wasLate =
    "conflict: It was late when you looked; meanwhile it left and nobody knows what became of it. Look again.";

  test("“Send now” of an email that never left is not “send again” of one that may have: it goes out once", async () => {
    const id = await late();
    await resolveSend(ben, { id, as: "again", was: "late", attempts: 0 });
    await goesUnknown(id);
    for (const as of ["again", "skip", "sent"] as const) {
      expect(await refusal(resolveSend(ana, { id, as, was: "late", attempts: 0 }))).toBe(wasLate);
      expect((await resolveSends(ana, { ids: [id], as, was: "late" })).errors).toMatchObject([{ error: "conflict" }]);
    }
    expect(await row(id)).toMatchObject({ status: "unknown", attempts: 1 });
    expect(await audits(id)).toHaveLength(1);
    expect(await resolveSend(ana, { id, as: "again", was: "unknown", attempts: 1 })).toMatchObject({
      status: "queued",
    });
  });

  test("while the other's call ends in silence, whoever asked at that moment is told as well", async () => {
    const id = await late();
    let ask: Promise<string> | undefined;
    await transaction(async () => {
      await goesUnknown(id);
      ask = settledOutside(() => resolveSend(ana, { id, as: "again", was: "late", attempts: 0 }));
      await somebodyWaits();
    });
    expect(await ask).toBe(wasLate);
    expect((await row(id)).status).toBe("unknown");
  });

  test("an unknown email that somebody sent again, and that is unknown once more, is another question", async () => {
    const id = await unknown();
    await resolveSend(ben, { id, as: "again", was: "unknown", attempts: 1 });
    // Who presses twice, or whose answer got lost, has decided all the same.
    expect(await refusal(resolveSend(ana, { id, as: "again", was: "unknown", attempts: 1 }))).toBe("done");
    await goesUnknown(id);
    expect(await refusal(resolveSend(ana, { id, as: "again", was: "unknown", attempts: 1 }))).toBe(
      "conflict: It was tried again since you looked, and once more nobody knows what became of it. Look again.",
    );
    const untouched = await unknown();
    const { resolved, errors } = await resolveSends(ana, {
      ids: [id, untouched],
      as: "again",
      was: "unknown",
      attempts: [1, 1],
    });
    expect([resolved, errors]).toEqual([
      1,
      [{ id, error: "conflict", detail: expect.stringMatching(/tried again since/) }],
    ]);
    expect((await row(id)).status).toBe("unknown");
    expect((await row(untouched)).status).toBe("queued");
    expect(await refusal(resolveSends(ana, { ids: [id], as: "skip", attempts: [2, 2] }))).toMatch(/as many as ids/);
  });

  test("an unknown email that is late by now says that it never left", async () => {
    const id = await late();
    expect(await refusal(resolveSend(ana, { id, as: "sent", was: "unknown" }))).toMatch(
      /it is known that it never left/,
    );
    expect(await resolveSend(ana, { id, as: "skip", was: "late" })).toMatchObject({ status: "skipped" });
  });
});
