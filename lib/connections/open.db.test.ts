import { describe, expect, test } from "vitest";
import { db } from "../db";
import { makeConnection } from "../testing/factory";
import {
  changeConnection,
  connectionRecords,
  disableConnection,
  getConnection,
  markFailing,
  openConnector,
  rememberServer,
} from "./index";
import { ground, tenantOf } from "./testing/ground";

const at = ground();
const versionNow = async () =>
  (await db.prisma.workspace.findUniqueOrThrow({ where: { id: at.actor.workspaceId } })).version;

describe("what the engine does", () => {
  test("marks a connection failing once, and tells other processes", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const before = await versionNow();
    expect(await markFailing(db, tenantOf(at.actor), id, "The token was refused.")).toBe(true);
    expect(await markFailing(db, tenantOf(at.actor), id, "Again.")).toBe(false);
    expect(await versionNow()).toBe(before + 1);
    const record = (await connectionRecords(db, tenantOf(at.actor), [id])).get(id);
    expect(record).toMatchObject({
      status: "failing",
      lastError: "The token was refused.",
      failingSince: expect.any(Date),
    });
  });

  test("a token that was replaced meanwhile is not blamed, and a disabled connection stays disabled", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: "old-token" });
    const { connection } = await openConnector(db, tenantOf(at.actor), id);
    await changeConnection(at.actor, { id, server_token: at.world.serverToken });
    const { credentialsVersion } = connection;
    expect(await markFailing(db, tenantOf(at.actor), id, "x", { credentialsVersion })).toBe(false);
    const now = await openConnector(db, tenantOf(at.actor), id);
    expect(await markFailing(db, tenantOf(at.actor), id, "x", now.connection)).toBe(true);
    await disableConnection(at.actor, { id });
    expect(await markFailing(db, tenantOf(at.actor), id, "x")).toBe(false);
  });

  test("keeps one connector for a connection until its credentials change", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    const first = await openConnector(db, tenantOf(at.actor), id);
    await rememberServer(db, tenantOf(at.actor), id, { id: "7", name: "Renamed", streams: [] });
    const second = await openConnector(db, tenantOf(at.actor), id);
    expect(second.connector).toBe(first.connector);
    expect(second.connection).toMatchObject({ serverId: "7", serverName: "Renamed", streams: [] });
    await changeConnection(at.actor, { id, server_token: at.world.addServerToken() });
    await rememberServer(db, tenantOf(at.actor), id, { id: "8", name: "Late", streams: [] }, second.connection);
    expect((await getConnection(at.actor, { id })).server?.name).toBe(at.world.server.name);
    expect((await openConnector(db, tenantOf(at.actor), id)).connector).not.toBe(first.connector);
  });

  test("a token that cannot be unsealed stops the connection instead of choosing another sender", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const other = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    await db.prisma.connection.updateMany({ where: { id }, data: { sealedCredentials: other.sealedCredentials } });
    await expect(openConnector(db, tenantOf(at.actor), id)).rejects.toThrow();
  });
});
