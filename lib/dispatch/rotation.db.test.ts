import { afterEach, expect, test, vi } from "vitest";
import { changeConnection, createConnection } from "../connections";
import { form, ground } from "../connections/testing/ground";
import { db } from "../db";
import { makeAutomation, makeEnrollments, makeProfiles } from "../testing/factory";
import { wake } from "../wake";
import { startDispatcher } from "./index";
import { people, quiesce } from "./testing/world";

const at = ground();
afterEach(quiesce);

test("a token is replaced while emails are on their way: nothing is held, lost or doubled, also when the old one dies at once", async () => {
  const { workspaceId } = at.actor;
  const { id } = await createConnection(at.actor, form(at.world.serverToken, { from_email: "hello@example.com" }));
  const automation = await makeAutomation(db, { workspaceId, connectionId: id });
  const enroll = async (count: number, from: number) => {
    const profiles = await makeProfiles(db, { workspaceId }, people(count, from));
    const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
    await makeEnrollments(
      db,
      run,
      profiles.map(({ id: profileId }) => ({ profileId })),
    );
    wake();
  };
  // The call waits before it is looked at, so the old token dies under calls that are under way.
  at.world.addFault({ action: "latency", path: "/email/batch", ms: 150, applyBefore: false });
  const dispatcher = startDispatcher();
  const statuses = new Set<string>();
  try {
    const old = at.world.serverToken;
    for (let wave = 0; wave < 6; wave += 1) {
      await enroll(40, 40 * wave);
      if (wave === 2) {
        await vi.waitFor(
          async () => {
            expect(await db.prisma.send.count({ where: { workspaceId, status: "sending" } })).toBeGreaterThan(0);
          },
          { timeout: 10_000 },
        );
        const server_token = at.world.addServerToken();
        statuses.add((await changeConnection(at.actor, { id, server_token })).status);
        at.world.revokeToken(old);
      }
      statuses.add((await db.prisma.connection.findFirstOrThrow({ where: { id } })).status);
    }
    await vi.waitFor(
      async () => expect(await db.prisma.send.count({ where: { workspaceId, status: "sent" } })).toBe(240),
      { timeout: 15_000 },
    );
  } finally {
    await dispatcher.stop();
  }
  expect([...statuses]).toEqual(["ready"]);
  const times = new Map<string, number>();
  for (const { recipients } of at.world.outbox())
    for (const { email } of recipients) times.set(email, (times.get(email) ?? 0) + 1);
  expect(times.size).toBe(240);
  expect(new Set(times.values())).toEqual(new Set([1]));
  expect(await db.prisma.connection.findFirstOrThrow({ where: { id } })).toMatchObject({ failingSince: null });
});
