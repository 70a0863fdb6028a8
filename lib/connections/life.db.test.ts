import { describe, expect, test } from "vitest";
import { type Actor, rolePermissions } from "../actor";
import { db } from "../db";
import { makeAutomation, makeConnection, makeEnrollment, makeSend } from "../testing/factory";
import {
  changeConnection,
  connectionRecords,
  createConnection,
  deleteConnection,
  disableConnection,
  enableConnection,
  getConnection,
  listWebhooksSeen,
  markFailing,
  openConnector,
  rotateWebhookSecret,
  validateConnection,
  validateDraft,
} from "./index";
import { codeOf, form, ground, heard, tenantOf } from "./testing/ground";

const at = ground();
describe("disabling and enabling", () => {
  test("a disabled one stays disabled whatever validation says, until it is enabled", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    expect((await disableConnection(at.actor, { id })).status).toBe("disabled");
    await validateConnection(at.actor, { id });
    expect((await getConnection(at.actor, { id })).status).toBe("disabled");
    const rung = heard();
    expect((await enableConnection(at.actor, { id })).status).toBe("ready");
    expect(rung()).toBe(true);
  });

  test("one that was never validated comes back unvalidated, and enabling does not mend a failing one", async () => {
    const fresh = await makeConnection(db, {
      workspaceId: at.actor.workspaceId,
      status: "disabled",
      lastValidatedAt: null,
    });
    expect((await enableConnection(at.actor, { id: fresh.id })).status).toBe("unvalidated");
    const failing = await makeConnection(db, { workspaceId: at.actor.workspaceId, status: "failing" });
    expect((await enableConnection(at.actor, { id: failing.id })).status).toBe("failing");
  });
});

describe("deleting", () => {
  test("hides it and forgets its secrets; its sends stay", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const send = await makeSend(db, { workspaceId: at.actor.workspaceId, connectionId: id, status: "delivered" });
    expect(await deleteConnection(at.actor, { id })).toBeNull();
    expect(await codeOf(getConnection(at.actor, { id }))).toBe("not_found");
    expect(await codeOf(openConnector(db, tenantOf(at.actor), id))).toBe("not_found");
    const row = await db.prisma.connection.findFirstOrThrow({ where: { id } });
    expect([row.sealedCredentials.length, row.sealedWebhookSecret.length]).toEqual([0, 0]);
    expect(await db.prisma.send.count({ where: { id: send.id } })).toBe(1);
  });

  test.each(["queued", "sending", "unknown"])("waits for sends that are %s", async (status) => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    await makeSend(db, { workspaceId: at.actor.workspaceId, connectionId: id, status: "sent", messageStream: "a" });
    await makeSend(db, { workspaceId: at.actor.workspaceId, connectionId: id, status, messageStream: "b" });
    expect(await codeOf(deleteConnection(at.actor, { id }))).toBe("conflict");
  });

  test("is refused while automations use it, which are named; archived ones do not count", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const { workspaceId } = at.actor;
    const automation = await makeAutomation(db, { workspaceId, connectionId: id, name: "Welcome" });
    await makeAutomation(db, { workspaceId, name: "Elsewhere" });
    await expect(deleteConnection(at.actor, { id })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/“Welcome”(?!.*Elsewhere)/),
    });
    await db.prisma.automation.updateMany({ where: { id: automation.id }, data: { status: "archived" } });
    expect(await codeOf(deleteConnection(at.actor, { id }))).toBe("no error");
  });

  test("is refused while people are still in an older version that uses it", async () => {
    const { workspaceId } = at.actor;
    const [old, current] = [await makeConnection(db, { workspaceId }), await makeConnection(db, { workspaceId })];
    const automation = await makeAutomation(db, { workspaceId, connectionId: old.id });
    const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
    const enrollment = await makeEnrollment(db, run);
    const definition = JSON.parse(JSON.stringify(automation.definition).replaceAll(old.id, current.id)) as object;
    const newer = await db.prisma.automationVersion.create({
      data: { workspaceId, automationId: automation.id, number: 2, publishedBy: "test", definition },
    });
    await db.prisma.automation.updateMany({
      where: { id: automation.id },
      data: { definition, liveVersionId: newer.id },
    });
    expect(await codeOf(deleteConnection(at.actor, { id: old.id }))).toBe("conflict");
    await db.prisma.enrollment.updateMany({ where: { id: enrollment.id }, data: { status: "completed" } });
    expect(await codeOf(deleteConnection(at.actor, { id: old.id }))).toBe("no error");
  });
});

test("another workspace's connection is not found, whatever is asked of it, and neither is what is no id", async () => {
  const { id: foreign } = await makeConnection(db, { workspaceId: at.stranger.workspaceId, displayName: "Theirs" });
  for (const id of [foreign, "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31", "nonsense", ""]) {
    const asked = [
      getConnection(at.actor, { id }),
      changeConnection(at.actor, { id, display_name: "Mine" }),
      deleteConnection(at.actor, { id }),
      validateConnection(at.actor, { id }),
      enableConnection(at.actor, { id }),
      disableConnection(at.actor, { id }),
      rotateWebhookSecret(at.actor, { id }),
      listWebhooksSeen(at.actor, { id }),
      openConnector(db, tenantOf(at.actor), id),
    ];
    expect(await Promise.all(asked.map(codeOf))).toEqual(asked.map(() => "not_found"));
    expect((await connectionRecords(db, tenantOf(at.actor), [id])).size).toBe(0);
  }
  expect(await markFailing(db, tenantOf(at.actor), foreign, "x")).toBe(false);
  expect(await getConnection(at.stranger, { id: foreign })).toMatchObject({ display_name: "Theirs", status: "ready" });
});

test("a viewer may look and nothing else; a key without the scope neither", async () => {
  const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
  const viewer: Actor = { ...at.actor, role: "viewer", permissions: rolePermissions.viewer };
  const key: Actor = { ...at.actor, kind: "secret_key", permissions: new Set(["events:write"]) };
  const changes = (who: Actor) => [
    createConnection(who, form(at.world.serverToken)),
    changeConnection(who, { id, display_name: "x" }),
    deleteConnection(who, { id }),
    validateConnection(who, { id }),
    validateDraft(who, form(at.world.serverToken)),
    enableConnection(who, { id }),
    disableConnection(who, { id }),
    rotateWebhookSecret(who, { id }),
  ];
  expect(new Set(await Promise.all(changes(viewer).map(codeOf)))).toEqual(new Set(["forbidden"]));
  expect(new Set(await Promise.all(changes(key).map(codeOf)))).toEqual(new Set(["insufficient_scope"]));
  expect(await codeOf(getConnection(viewer, { id }))).toBe("no error");
  expect(await codeOf(getConnection(key, { id }))).toBe("insufficient_scope");
});
