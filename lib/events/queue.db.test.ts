import { beforeEach, expect, test } from "vitest";
import { type Actor, permissions } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { makeWorkspace } from "../testing/factory";
import { drainIntake, ingestRequest, intakeCounters, intakeQueue, sendEvent } from "./index";

let actor: Actor;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions) };
});

test("requests that arrive together are stored together, and a drain waits for them", async () => {
  const before = intakeCounters().groups;
  const sent = Array.from({ length: 60 }, (_, n) => sendEvent(actor, { event: "viewed", external_id: `u${n}` }));
  await drainIntake();
  await Promise.all(sent);
  expect(intakeCounters().groups - before).toBeLessThanOrEqual(6);
  expect(await db.sql("select 1 from events where workspace_id = $1", [actor.workspaceId])).toHaveLength(60);
  expect(intakeQueue()).toEqual({ events: 0, bytes: 0, underWay: 0 });
});

test("when too much waits, callers are asked to come back instead of being promised anything", async () => {
  const body = { event: "viewed", external_id: "u1" };
  const request = {
    form: "event",
    body,
    plain: true,
    receivedAtMs: Date.now(),
    requestId: "r",
    idempotency: null,
  } as const;
  await expect(ingestRequest(actor, { ...request, bodyBytes: 65 * 1024 * 1024 })).rejects.toMatchObject({
    code: "unavailable",
    retryAfterSeconds: 1,
  });
});

test("a key that was read before the workspace changed is sent back to be looked up again", async () => {
  const request = {
    form: "event",
    plain: true,
    bodyBytes: 10,
    receivedAtMs: Date.now(),
    requestId: "r",
    idempotency: null,
  } as const;
  const send = (workspaceVersion: number) =>
    ingestRequest({ ...actor, workspaceVersion }, { ...request, body: { event: "viewed", external_id: "u1" } });
  expect(await send(1)).toMatchObject({ status: 202 });
  await db.sql("update workspaces set version = 5 where id = $1", [actor.workspaceId]);
  expect(await send(4)).toBe("stale");
  expect(await send(5)).toMatchObject({ status: 202 });
  await db.sql("delete from workspaces where id = $1", [actor.workspaceId]);
  expect(await send(5)).toBe("stale");
});
