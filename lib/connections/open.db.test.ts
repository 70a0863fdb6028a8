import { describe, expect, test } from "vitest";
import { db, transaction } from "../db";
import { makeConnection } from "../testing/factory";
import type { CallOutcome } from "./connector";
import { findSender } from "./doctor/store";
import {
  changeConnection,
  connectionRecords,
  disableConnection,
  getConnection,
  markFailing,
  noteSenders,
  openConnector,
  rememberServer,
} from "./index";
import { lockConnection, updateConnection } from "./store";
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

  test("what a call told of a sender is kept while its login is: not what comes after, or during, a change of it", async () => {
    const { actor } = at;
    const { id } = await makeConnection(db, { workspaceId: actor.workspaceId, serverToken: "old-token" });
    const email = "Hello@acme.example";
    const call: CallOutcome = { kind: "answered", outcomes: [{ kind: "sender_refused", code: 400, message: "no" }] };
    const known = () => findSender(db, tenantOf(actor), { connectionId: id, email });
    const { connection: first } = await openConnector(db, tenantOf(actor), id);
    await noteSenders(db, tenantOf(actor), first, { call, from: [email] });
    expect(await known()).toMatchObject({ state: "refused", detail: "no" });
    await changeConnection(actor, { id, server_token: at.world.serverToken });
    await noteSenders(db, tenantOf(actor), first, { call, from: [email] });
    expect(await known()).toBeNull();

    const { connection: second } = await openConnector(db, tenantOf(actor), id);
    let begin: () => void = () => undefined;
    const locked = new Promise<void>((resolve) => {
      begin = resolve;
    });
    // Begun outside of the transaction, or it would be part of it.
    const noting = locked.then(() => noteSenders(db, tenantOf(actor), second, { call, from: [email] }));
    await transaction(async (tx) => {
      await lockConnection(tx, tenantOf(actor), id);
      begin();
      await expect.poll(() => db.sql("select 1 from pg_locks where not granted")).not.toEqual([]);
      await updateConnection(tx, tenantOf(actor), id, { sealedCredentials: Buffer.from("another") });
    });
    await noting;
    expect(await known()).toBeNull();
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
