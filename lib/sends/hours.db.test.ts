import { expect, test } from "vitest";
import { systemTenant } from "../actor";
import type { News } from "../connections/schema";
import { db, transaction } from "../db";
import { makeConnection, makeSend, makeWorkspace } from "../testing/factory";
import { takeNews } from "./news";

test("what news says of sends is counted once in the hour in which it happened, and with it what it proves to have left", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const { id: connectionId } = await makeConnection(db, { workspaceId });
  const [sent, unknown] = [
    await makeSend(db, { workspaceId, connectionId, status: "sent" }),
    await makeSend(db, { workspaceId, connectionId, status: "unknown" }),
  ];
  const occurredAt = "2026-11-20T12:34:00.000Z";
  const news = (kind: News["kind"], sendId: string): News => ({
    kind,
    recordType: kind,
    newsKey: `${kind} ${sendId}`,
    providerMessageId: null,
    sendId,
    recipient: "ana@example.com",
    stream: "broadcast",
    occurredAt,
    suppression: null,
    data: {},
  });
  const items = [
    news("delivered", sent.id),
    news("complained", sent.id),
    news("opened", sent.id),
    news("bounced", unknown.id),
  ];
  const take = () => transaction((tx) => takeNews(tx, systemTenant(workspaceId), connectionId, items));
  await Promise.all([take(), take(), take()]);
  const hours = await db.sql<Record<string, unknown>>(
    `select hour, sum(sent)::int sent, sum(delivered)::int delivered, sum(bounced)::int bounced, sum(complained)::int complained
     from connection_hours where workspace_id = $1 and connection_id = $2 group by 1 order by 1`,
    [workspaceId, connectionId],
  );
  expect(hours[0]).toEqual({
    hour: new Date("2026-11-20T12:00:00Z"),
    sent: 0,
    delivered: 1,
    bounced: 1,
    complained: 1,
  });
  expect(hours.slice(1)).toMatchObject([{ sent: 1, delivered: 0 }]);
});
