import { describe, expect, test } from "vitest";
import { type Db, db } from "../db";
import { newId } from "../ids";
import { tendSuppressionLists } from "./index";
import { claimPushes, savePushes } from "./store-pushes";
import { listGround, makePlace } from "./testing/place";

const at = listGround();

describe("what is suppressed by hand", () => {
  test("stands on every list of the workspace's providers at once, and only there where it is for one stream", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    const made = await place.add("all@example.com");
    await place.add("one@example.com", "outbound");
    expect(made.push).toBeNull();
    expect([place.there("broadcast"), place.there("outbound")]).toEqual([
      ["all@example.com"],
      ["all@example.com", "one@example.com"],
    ]);
    // Come back from there, it is no second suppression, least of all of the whole workspace.
    await place.sync();
    expect((await place.list()).length).toBe(2);
    expect(await place.held("one@example.com", "broadcast")).toBeNull();
    await place.lift("all@example.com");
    await place.lift("one@example.com", "outbound");
    expect([place.there("broadcast"), place.there("outbound")]).toEqual([[], []]);
    await place.sync();
    expect(await place.list()).toEqual([]);
  });

  test("is put on the lists of a connection that is added later, and put back where it was taken off", async () => {
    const place = await makePlace(at.sandbox);
    await place.add("early@example.com");
    expect(place.there()).toEqual([]);
    await place.sync();
    expect(place.there()).toEqual(["early@example.com"]);
    expect(await place.state()).toMatchObject({ missing_there: 1 });
    await place.removeThere("early@example.com");
    await place.sync();
    expect([await place.held("early@example.com"), place.there()]).toEqual(["manual", ["early@example.com"]]);
  });

  test("is held here only together with the wish that the lists hold it too: a crash leaves both or neither", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    const wishes = "alter table suppression_pushes";
    await db.sql(`${wishes} add constraint none_now check (email <> 'both@example.com') not valid`);
    await expect(place.add("both@example.com")).rejects.toThrow();
    expect(await place.list()).toEqual([]);
    await db.sql(`${wishes} drop constraint none_now`);
    await place.add("both@example.com");
    await db.sql(`${wishes} add constraint none_now check (wanted <> 'lifted') not valid`);
    await expect(place.lift("both@example.com")).rejects.toThrow();
    await db.sql(`${wishes} drop constraint none_now`);
    expect([await place.held("both@example.com"), place.there()]).toEqual(["manual", ["both@example.com"]]);
  });

  test("is not undone by a dump that does not show it yet", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    place.server.settings({ consistencyDelayMs: 60_000 });
    await place.add("fresh@example.com", "broadcast");
    expect(place.there()).toEqual([]);
    expect(await place.sync({ settlingMs: 30_000 })).toMatchObject({ pushed: 0 });
    expect(await place.held("fresh@example.com")).toBe("manual");
  });

  test("does not come back with a dump that still shows what was lifted a moment ago", async () => {
    const place = await makePlace(at.sandbox);
    const email = "lifted@example.com";
    place.server.addSuppression({ stream: "broadcast", email, reason: "HardBounce", origin: "Recipient" });
    await place.sync();
    place.server.settings({ consistencyDelayMs: 60_000 });
    await place.lift(email);
    expect(place.there()).toEqual([email]);
    await place.sync({ settlingMs: 30_000 });
    expect(await place.held(email)).toBeNull();
  });

  test("and lifted again, is not brought back by the provider's list as long as that could not be told of it", async () => {
    const place = await makePlace(at.sandbox);
    const email = "stuck@example.com";
    place.server.addSuppression({ stream: "broadcast", email, reason: "HardBounce", origin: "Recipient" });
    await place.sync();
    place.server.addFault({ action: "status", path: "*suppressions/delete", status: 503 });
    await place.lift(email);
    await db.sql("update suppressions set changed_at = now() - interval '1 hour' where workspace_id = $1", [
      place.workspaceId,
    ]);
    await place.sync();
    expect([await place.held(email), place.there()]).toEqual([null, [email]]);
    place.server.clearFaults();
    await place.sync();
    expect([await place.held(email), place.there()]).toEqual([null, []]);
  });

  test("is carried again after a failure, a bounded number of times, and its end is shown", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    place.server.addFault({ action: "status", path: "*broadcast/suppressions", status: 503 });
    const made = await place.add("late@example.com");
    expect(made.push).toMatchObject({ status: "pending" });
    expect(place.there("outbound")).toEqual(["late@example.com"]);
    await db.sql(
      "update suppression_pushes set attempt = 11, due_at = now() where workspace_id = $1 and status = 'pending'",
      [place.workspaceId],
    );
    await tendSuppressionLists({ budgetMs: 10_000 });
    expect((await place.list())[0]?.push).toMatchObject({ status: "failed", message: expect.stringContaining("503") });
    place.server.clearFaults();
    await place.sync();
    expect([place.there(), (await place.list())[0]?.push]).toEqual([["late@example.com"], null]);
  });

  test("a later wish is never overtaken by an earlier one that is still being carried", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    place.server.addFault({ action: "status", path: "*suppressions", status: 503 });
    await place.add("quick@example.com", "broadcast");
    await db.sql("update suppression_pushes set due_at = now() where workspace_id = $1", [place.workspaceId]);
    const claimed = await claimPushes(db, place.tenant, { token: newId(), take: 50, leaseMs: 60_000 });
    if (!claimed) throw new Error("nothing was claimed");
    await place.lift("quick@example.com", "broadcast");
    expect(await claimPushes(db, place.tenant, { token: newId(), take: 50, leaseMs: 60_000 })).toBeNull();
    const [push] = claimed.pushes;
    await savePushes(db, place.tenant, claimed, [
      { email: "quick@example.com", version: push?.version ?? 0, status: "done", message: null, retryMs: null },
    ]);
    const waiting = await db.prisma.suppressionPush.findMany({ where: { workspaceId: place.workspaceId } });
    expect(waiting.map(({ status, wanted }) => [status, wanted])).toEqual([["pending", "lifted"]]);
    expect(await claimPushes(db, place.tenant, { token: newId(), take: 50, leaseMs: 60_000 })).toMatchObject({
      wanted: "lifted",
    });
  });
});

describe("what the provider keeps", () => {
  test("is not lifted here when that is known: complaints and what recipients said themselves", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "broadcast",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    place.server.addSuppression({ stream: "broadcast", email: "left@example.com", origin: "Recipient" });
    await place.sync();
    await expect(place.lift("angry@example.com")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("spam"),
    });
    await expect(place.lift("left@example.com", "broadcast")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("unsubscribed"),
    });
    expect([await place.held("angry@example.com"), await place.held("left@example.com")]).toEqual([
      "spam_complaint",
      "unsubscribe",
    ]);
  });

  test("stays held here when it is only learnt by asking, in the provider's words, and by its true reason after the next reading", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    const email = "secret@example.com";
    place.server.addSuppression({ stream: "broadcast", email, reason: "SpamComplaint", origin: "Recipient" });
    await place.add(email);
    await place.lift(email);
    expect(await place.held(email)).toBe("manual");
    expect((await place.list())[0]?.push).toMatchObject({
      status: "refused",
      message: expect.stringContaining("authority"),
    });
    expect(Date.parse((await place.state()).due_at ?? "") - Date.now()).toBeLessThan(61_000);
    await place.sync();
    expect([await place.held(email), (await place.list()).length]).toEqual(["spam_complaint", 1]);
    await expect(place.lift(email)).rejects.toMatchObject({ code: "conflict" });
  });

  test("is held here before the wish is over: whoever dies while it is written down leaves nobody to be written to", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    const email = "kept@example.com";
    const down = place.server.addFault({ action: "status", path: "*suppressions*", status: 503 });
    await place.add(email, "broadcast");
    await place.lift(email, "broadcast");
    down.remove();
    await db.sql("update suppression_pushes set due_at = now() where workspace_id = $1", [place.workspaceId]);
    const claimed = await claimPushes(db, place.tenant, { token: newId(), take: 50, leaseMs: 60_000 });
    if (!claimed) throw new Error("nothing was claimed");
    const outcomes = claimed.pushes.map(({ version }) => {
      return { email, version, status: "refused", message: "No.", retryMs: null } as const;
    });
    let statements = 0;
    const dying: Db = {
      ...db,
      sql: (text, values) => {
        statements += 1;
        if (statements > 1) throw new Error("the plug is pulled");
        return db.sql(text, values);
      },
    };
    await expect(savePushes(dying, place.tenant, claimed, outcomes)).rejects.toThrow("plug");
    expect(await place.held(email)).toBe("manual");
    // Somebody else's by now: what this one knows holds nothing.
    await place.lift(email, "broadcast");
    expect(await savePushes(db, place.tenant, { ...claimed, token: newId() }, outcomes)).toEqual({ saved: 0, held: 0 });
    expect(await place.held(email)).toBeNull();
  });

  test("a bounced address is reactivated there when it is lifted here", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "broadcast",
      email: "fixed@example.com",
      reason: "HardBounce",
      origin: "Recipient",
    });
    await place.sync();
    await place.lift("fixed@example.com");
    expect([await place.held("fixed@example.com"), place.there()]).toEqual([null, []]);
  });
});
