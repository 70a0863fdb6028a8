import { describe, expect, test, vi } from "vitest";
import { db } from "../db";
import { dispatch } from "../dispatch";
import { newId } from "../ids";
import { makeAutomation, makeConnection, makeEnrollments, makeProfiles, makeWorkspace } from "../testing/factory";
import { applySuppressions, syncSuppressions, tendSuppressionLists } from "./index";
import { ordinaryListMeans } from "./list-means";
import { tendWorkspace } from "./lists";
import { claimList } from "./store-lists";
import { listGround, makePlace } from "./testing/place";

const at = listGround();

describe("a connection that was found to work", () => {
  test("brings the whole list of each of its streams, with reason, origin and date, and says how they compare", async () => {
    const place = await makePlace(at.sandbox);
    const { server } = place;
    server.addSuppression({
      stream: "broadcast",
      email: "Bounced@example.com",
      reason: "HardBounce",
      origin: "Recipient",
    });
    server.addSuppression({ stream: "broadcast", email: "left@example.com", origin: "Recipient" });
    server.addSuppression({
      stream: "outbound",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    server.addSuppression({ stream: "outbound", email: "byhand@example.com", origin: "Admin" });
    await tendSuppressionLists({ budgetMs: 30_000 });
    expect(
      (await place.list())
        .map(({ email, reason, origin, scope, stream }) => [email, reason, origin, scope, stream])
        .sort(),
    ).toEqual([
      ["angry@example.com", "spam_complaint", "recipient", "workspace", null],
      ["bounced@example.com", "hard_bounce", "recipient", "workspace", null],
      ["byhand@example.com", "manual", "admin", "workspace", null],
      ["left@example.com", "unsubscribe", "recipient", "stream", "broadcast"],
    ]);
    expect([
      await place.held("bounced@example.com", "outbound"),
      await place.held("left@example.com", "outbound"),
    ]).toEqual(["hard_bounce", null]);
    expect(await place.state()).toMatchObject({ here: 2, there: 2, missing_here: 2, missing_there: 0, error: null });
    expect((await place.state()).synced_at).not.toBeNull();
    // Nothing is due again for hours, and nobody else's.
    expect(await tendSuppressionLists({ budgetMs: 30_000 })).toEqual({ read: 0, pushed: 0 });
  });

  test("an imported address gets nothing: its email is skipped, and says why", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "outbound",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    await place.sync();
    const { workspaceId, connection } = place;
    const automation = await makeAutomation(db, { workspaceId, connectionId: connection.id });
    const people = await makeProfiles(db, { workspaceId }, [
      { email: "angry@example.com" },
      { email: "glad@example.com" },
    ]);
    const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
    await makeEnrollments(
      db,
      run,
      people.map(({ id }) => ({ profileId: id })),
    );
    await dispatch({ budgetMs: 10_000, kind: "worker" });
    const sends = await db.prisma.send.findMany({ where: { workspaceId }, orderBy: { status: "asc" } });
    expect(sends.map(({ status, reason }) => [status, reason])).toEqual([
      ["sent", null],
      ["skipped", "suppressed"],
    ]);
    expect(place.server.outbox().flatMap(({ recipients }) => recipients.map(({ email }) => email))).toEqual([
      "glad@example.com",
    ]);
  });

  test("that leads to another server now loses nothing that the old one's list had said", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "broadcast",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    await place.sync();
    await db.sql("update connections set server_id = 'other' where workspace_id = $1", [place.workspaceId]);
    place.server.addFault({ action: "status", path: "*suppressions/dump", status: 200, json: { Suppressions: [] } });
    await place.sync();
    expect(await place.held("angry@example.com")).toBe("spam_complaint");
    await place.sync();
    expect(await place.held("angry@example.com")).toBe("spam_complaint");
  });
});

describe("a list that is read again", () => {
  test("adds what no webhook told, and lifts what it no longer has", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "broadcast",
      email: "back@example.com",
      reason: "HardBounce",
      origin: "Recipient",
    });
    await place.sync();
    await place.removeThere("back@example.com");
    place.server.addSuppression({
      stream: "broadcast",
      email: "new@example.com",
      reason: "HardBounce",
      origin: "Recipient",
    });
    await place.sync();
    expect([await place.held("back@example.com"), await place.held("new@example.com")]).toEqual([null, "hard_bounce"]);
    expect(await place.state()).toMatchObject({ here: 1, there: 1, missing_here: 1, missing_there: 1 });
    await place.sync();
    expect(await place.state()).toMatchObject({ here: 1, there: 1, missing_here: 0, missing_there: 0 });
  });

  test("lifts nothing that another stream's list still has", async () => {
    const place = await makePlace(at.sandbox);
    const email = "twice@example.com";
    for (const stream of place.streams)
      place.server.addSuppression({ stream, email, reason: "HardBounce", origin: "Recipient" });
    await place.sync();
    await place.removeThere(email, "broadcast");
    await place.sync();
    expect(await place.held(email, "broadcast")).toBe("hard_bounce");
    await place.removeThere(email, "outbound");
    await place.sync();
    expect(await place.held(email, "broadcast")).toBeNull();
  });

  test("touches nothing that was changed or learnt while it may not have shown it yet", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    const fresh = {
      email: "fresh@example.com",
      scope: "workspace",
      connectionId: place.connection.id,
      stream: "broadcast",
      active: true,
      reason: "hard_bounce",
      origin: "recipient",
      listed: true,
    } as const;
    await applySuppressions(db, place.tenant, [{ ...fresh, changedAt: new Date(Date.now() - 3_600_000) }]);
    await place.sync({ settlingMs: 30_000 });
    expect(await place.held(fresh.email)).toBe("hard_bounce");
    await place.sync();
    expect(await place.held(fresh.email)).toBeNull();
  });

  test("that cannot be read to its end lifts nothing, says why and is tried again", async () => {
    const place = await makePlace(at.sandbox);
    for (const email of ["a@example.com", "b@example.com"]) place.server.addSuppression({ stream: "broadcast", email });
    await place.sync();
    place.server.addFault({ action: "truncatedBody", path: "*broadcast/suppressions/dump" });
    await place.sync();
    expect([await place.held("a@example.com"), await place.held("b@example.com")]).toEqual(["manual", "manual"]);
    const state = await place.state();
    expect(state.error).toMatch(/could not be read/);
    expect(Date.parse(state.due_at ?? "") - Date.now()).toBeLessThan(90_000);
    place.server.clearFaults();
    await place.sync();
    expect((await place.state()).error).toBeNull();
  });

  test("is let go when the process ends in the middle of a long answer, so that the next one need not wait", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    await db.sql("update suppression_lists set due_at = now() where workspace_id = $1 and stream = 'broadcast'", [
      place.workspaceId,
    ]);
    const slow = place.server.addFault({ action: "latency", ms: 60_000, path: "*broadcast/suppressions/dump" });
    const ending = new AbortController();
    const tending = tendSuppressionLists({ budgetMs: 60_000, signal: ending.signal });
    await vi.waitFor(() => expect(slow.fired()).toBe(1), { timeout: 10_000 });
    ending.abort();
    await tending;
    expect((await place.state()).error).toMatch(/interrupted/);
    expect(await claimList(db, place.tenant, { token: newId(), leaseMs: 60_000 })).toMatchObject({
      stream: "broadcast",
    });
  });

  test("is not even asked for by a process that is ending already", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    await db.sql("update suppression_lists set due_at = now() where workspace_id = $1 and stream = 'broadcast'", [
      place.workspaceId,
    ]);
    const asked = () => place.server.requests().filter(({ path }) => path.endsWith("/dump")).length;
    const before = asked();
    const means = { ...ordinaryListMeans, signal: AbortSignal.abort() };
    let looks = 0;
    const over = () => {
      looks += 1;
      return looks > 2; // one look for pushes, one for lists
    };
    await tendWorkspace(place.tenant, { over }, means);
    expect(asked()).toBe(before);
    expect((await place.state()).error).toMatch(/interrupted/);
  });

  test("makes a long list here agree with a short one there in bounded steps, each a transaction of its own", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    await db.sql(
      `insert into suppressions (workspace_id, email, scope, connection_id, stream, reason, origin, changed_at, listed_at, listed_origin)
       select $1, 'p' || n || '@example.com', 'workspace', $2, 'broadcast', 'hard_bounce', 'recipient',
         now() - interval '1 day', now() - interval '1 day', 'recipient'
       from generate_series(1, 11000) n`,
      [place.workspaceId, place.connection.id],
    );
    await place.sync();
    expect(await place.state()).toMatchObject({ here: 0, there: 0, missing_there: 11_000, error: null });
    const [steps] = await db.sql<{ n: number }>(
      "select count(distinct xmin::text)::int as n from suppressions where workspace_id = $1 and not active",
      [place.workspaceId],
    );
    expect(steps?.n).toBe(3);
  });

  test("counts as calls to the provider with how long they took, and its refusals by their code", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({
      stream: "broadcast",
      email: "angry@example.com",
      reason: "SpamComplaint",
      origin: "Recipient",
    });
    await place.add("angry@example.com");
    const down = place.server.addFault({
      action: "status",
      path: "*outbound/suppressions/dump",
      status: 422,
      json: { ErrorCode: 1226, Message: "No such stream." },
    });
    await place.sync();
    down.remove();
    await db.sql("update suppressions set active = false where workspace_id = $1", [place.workspaceId]);
    await place.add("angry@example.com", "broadcast");
    await place.lift("angry@example.com", "broadcast");
    const calls = await db.sql<{ outcome: string; code: number; calls: number; messages: number; ms: number }>(
      `select outcome, code, sum(calls)::int as calls, sum(messages)::int as messages, sum(ms_total)::int as ms
       from provider_calls where workspace_id = $1 and call = 'list' group by outcome, code order by outcome, code`,
      [place.workspaceId],
    );
    expect(calls).toMatchObject([
      { outcome: "answered", code: 0, messages: 0 },
      { outcome: "cannot_know", code: 1226, calls: 1, messages: 0 },
      { outcome: "refused", code: 0, calls: 0, messages: 1 },
    ]);
    expect(calls[0]?.ms).toBeGreaterThan(0);
  });

  test("is read by one process at a time, and by another when that one died", async () => {
    const place = await makePlace(at.sandbox);
    await place.sync();
    await db.sql("update suppression_lists set due_at = now() where workspace_id = $1", [place.workspaceId]);
    const claim = () => claimList(db, place.tenant, { token: newId(), leaseMs: 60_000 });
    const [one, other, third] = [await claim(), await claim(), await claim()];
    expect([one?.stream, other?.stream].sort()).toEqual(["broadcast", "outbound"]);
    expect(third).toBeNull();
    await db.sql("update suppression_lists set due_at = now() where workspace_id = $1 and stream = 'broadcast'", [
      place.workspaceId,
    ]);
    const again = await claim();
    expect(again).toMatchObject({ stream: "broadcast", attempt: 2 });
  });
});

describe("Sync now", () => {
  test("reads the lists of that connection alone, and knows none of another workspace", async () => {
    const place = await makePlace(at.sandbox);
    place.server.addSuppression({ stream: "broadcast", email: "a@example.com" });
    const { data } = await syncSuppressions(place.actor, { id: place.connection.id });
    expect(data.map(({ stream, there }) => [stream, there])).toEqual([
      ["broadcast", 1],
      ["outbound", 0],
    ]);
    const elsewhere = await makeWorkspace(db);
    const foreign = await makeConnection(db, { workspaceId: elsewhere.id });
    await expect(syncSuppressions(place.actor, { id: foreign.id })).rejects.toMatchObject({ code: "not_found" });
    expect(await db.prisma.suppression.count({ where: { workspaceId: elsewhere.id } })).toBe(0);
  });
});
