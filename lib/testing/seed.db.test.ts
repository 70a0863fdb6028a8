import { expect, test } from "vitest";
import { seedWorkspace } from "../../prisma/seed";
import { rolePermissions } from "../actor";
import { listAutomations, listEnrollments } from "../automations";
import { automationDefinition } from "../automations/schema";
import { db } from "../db";
import { listProfiles } from "../profiles";
import { getSend, listSends } from "../sends";
import { listSuppressions } from "../suppressions";
import { makeWorkspace } from "./factory";

test("the demo's workspace can be read by every list, and its automations can run", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const serverToken = "00000000-0000-4000-8000-000000000000";
  await seedWorkspace(db, { workspaceId, serverToken, serverId: "1", serverName: "Sandbox", now: new Date() });
  const actor = { kind: "user" as const, id: "demo", workspaceId, permissions: rolePermissions.owner };

  const versions = await db.prisma.automationVersion.findMany({ where: { workspaceId } });
  expect(versions.map(({ definition }) => automationDefinition.safeParse(definition).success)).not.toContain(false);
  const automations = await listAutomations(actor, { limit: 50 });
  expect(automations.data.map(({ status }) => status).sort()).toEqual(["draft", "live", "live", "live", "live"]);
  const [first] = automations.data.filter(({ name }) => name === "Welcome");
  expect((await listEnrollments(actor, { id: first?.id ?? "", limit: 5 })).data.length).toBe(5);
  expect((await listProfiles(actor, { limit: 200 })).data.length).toBe(180);
  const sends = await listSends(actor, { limit: 200 });
  expect(new Set(sends.data.map(({ status }) => status))).toEqual(new Set(["delivered", "bounced", "skipped"]));
  const opened = sends.data.find(({ opens }) => opens > 0);
  const { events } = await getSend(actor, { id: opened?.id ?? "" });
  expect(events.map(({ type }) => type)).toContain("opened");
  expect((await listSuppressions(actor, { limit: 50 })).data.length).toBeGreaterThan(3);
});
