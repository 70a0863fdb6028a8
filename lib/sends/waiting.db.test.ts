import { expect, test } from "vitest";
import { type Actor, rolePermissions } from "../actor";
import { db } from "../db";
import { makeConnection, makeSends, makeWorkspace, nextId, type SendOver } from "../testing/factory";
import { waitingSends } from "./index";

const hour = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms);

async function newcomer() {
  const { id } = await makeWorkspace(db);
  const permissions = rolePermissions.marketer;
  const actor: Actor = { kind: "user", id: nextId(), workspaceId: id, role: "marketer", permissions };
  return { id, actor };
}

test("what waits is counted: unknown, held by one fact, late, and what a person should look at", async () => {
  const { id, actor } = await newcomer();
  expect(await waitingSends(actor)).toEqual({ unknown: 0, held: 0, late: 0, cannotKnow: 0, undecided: 0, toDecide: 0 });
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
  expect(await waitingSends(actor)).toEqual({ unknown: 3, held: 4, late: 2, cannotKnow: 1, undecided: 2, toDecide: 4 });
  await db.sql("update workspaces set sending_stopped_at = now() where id = $1", [id]);
  expect(await waitingSends(actor)).toMatchObject({ held: 5 });
});

test("a thousand late emails do not hide the one that nobody can look up", async () => {
  const { id, actor } = await newcomer();
  const { id: connectionId } = await makeConnection(db, { workspaceId: id });
  await db.sql(
    `insert into sends (workspace_id, id, connection_id, message_stream, scheduled_at, status, reason)
     select $1, uuid_v7(), $2, 'broadcast', now(), 'queued', 'late' from generate_series(1, 1000)`,
    [id, connectionId],
  );
  await makeSends(db, { workspaceId: id }, [
    { connectionId, status: "unknown", reason: "cannot_know", unknownSince: ago(60_000) },
  ]);
  expect(await waitingSends(actor)).toMatchObject({ late: 1_000, undecided: 1, toDecide: 1_000 });
});
