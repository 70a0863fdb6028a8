/**
 * A workspace that looks lived in: people, automations, two weeks of sends with engagement, suppressions. Made by the factories that
 * the tests use; the chances are drawn from a fixed seed, so every demo is the same but for its dates.
 */
import type { Db } from "../lib/db";
import { newSecret } from "../lib/ids";
import {
  makeAutomation,
  makeConnection,
  makeDecisions,
  makeEngagementEvents,
  makeEnrollments,
  makeEvents,
  makeProfiles,
  makeSendAttempts,
  makeSends,
  makeSuppressions,
  makeVersion,
} from "../lib/testing/factory";
import { activationsOf } from "./seed-activation";
import { automationsOf } from "./seed-automations";
import { type Journey, journeysOf, type PlannedSend, peopleOf } from "./seed-people";

export type DemoPlan = { workspaceId: string; serverToken: string; serverId: string; serverName: string; now: Date };

/** What a new server has, as a validation would have read it (Postmark: https://postmarkapp.com/developer/api/message-streams-api). */
const sandboxStreams = [
  {
    id: "outbound",
    name: "Default Transactional Stream",
    type: "transactional",
    unsubscribeHandling: "none",
    archived: false,
  },
  { id: "inbound", name: "Default Inbound Stream", type: "other", unsubscribeHandling: "none", archived: false },
  {
    id: "broadcast",
    name: "Default Broadcast Stream",
    type: "broadcast",
    unsubscribeHandling: "provider",
    archived: false,
  },
];

/** Fills an empty workspace. @returns the connection that its automations send through, and the secret for its webhooks */
export async function seedWorkspace(db: Db, plan: DemoPlan): Promise<{ connectionId: string; webhookSecret: string }> {
  const { workspaceId } = plan;
  const webhookSecret = newSecret();
  const connection = await makeConnection(db, {
    workspaceId,
    serverToken: plan.serverToken,
    webhookSecret,
    displayName: "Postmark sandbox",
    fromEmail: "hello@example.com",
    fromName: "The demo team",
    replyToEmail: "support@example.com",
    messageStream: "broadcast",
    serverId: plan.serverId,
    serverName: plan.serverName,
    streams: sandboxStreams,
    listsStale: true,
    createdAt: new Date(plan.now.getTime() - 20 * dayMs),
  });
  await db.prisma.defaultConnection.create({ data: { workspaceId, connectionId: connection.id } });
  const automations = await makeAutomations(db, plan, connection.id);
  const people = peopleOf(plan.now);
  const profiles = await makeProfiles(
    db,
    { workspaceId },
    people.map(({ createdAt, externalId, email, traits, anonymousIds }) => ({
      createdAt,
      externalId,
      email,
      traits,
      anonymousIds,
    })),
  );
  const given = { people, profileIds: profiles.map(({ id }) => id), automations, now: plan.now };
  const mailed = journeysOf(given);
  const suppressed = new Set(
    mailed.flatMap(({ sends }) => sends.flatMap(({ suppression }) => suppression?.email ?? [])),
  );
  const journeys = [...mailed, ...activationsOf({ ...given, suppressed })];
  await writeJourneys(db, { workspaceId, connectionId: connection.id, serverId: plan.serverId, journeys });
  return { connectionId: connection.id, webhookSecret };
}

const dayMs = 86_400_000;

async function makeAutomations(db: Db, { workspaceId, now }: DemoPlan, connectionId: string) {
  const createdAt = new Date(now.getTime() - 16 * dayMs);
  const made = [];
  for (const { key, status, name, definition } of automationsOf(connectionId)) {
    const automation = await makeAutomation(db, { workspaceId, definition, name, status, createdAt });
    made.push({ key, id: automation.id, versionId: automation.version.id, definition });
    if (key === "welcome")
      await makeVersion(db, { workspaceId, automationId: automation.id, definition, number: 2, createdAt });
  }
  return made;
}

async function writeJourneys(
  db: Db,
  {
    workspaceId,
    connectionId,
    serverId,
    journeys,
  }: { workspaceId: string; connectionId: string; serverId: string; journeys: Journey[] },
): Promise<void> {
  const tenancy = { workspaceId };
  await makeEvents(
    db,
    tenancy,
    journeys.flatMap(({ events }) => events),
  );
  for (const [automationId, mine] of groupBy(journeys, ({ automationId }) => automationId)) {
    const versionId = mine[0]?.versionId ?? "";
    await makeEnrollments(
      db,
      { workspaceId, automationId, versionId },
      mine.map(({ enrollment }) => enrollment),
    );
  }
  const sends = journeys.flatMap((journey) => journey.sends);
  await makeSends(
    db,
    tenancy,
    sends.map(({ row }) => ({ ...row, connectionId })),
  );
  await makeSendAttempts(
    db,
    tenancy,
    sends.filter(({ row }) => row.sentAt).map((send) => attemptOf(send, connectionId, serverId)),
  );
  await makeEngagementEvents(
    db,
    tenancy,
    sends.flatMap(({ engagement }) => engagement),
  );
  await makeDecisions(
    db,
    tenancy,
    journeys.flatMap(({ decisions }) => decisions),
  );
  const suppressed = sends.flatMap(({ suppression }) => (suppression ? [suppression] : []));
  await makeSuppressions(
    db,
    tenancy,
    suppressed.map((row) => (row.scope === "stream" ? { ...row, connectionId, stream: "broadcast" } : row)),
  );
}

const attemptOf = ({ row }: PlannedSend, connectionId: string, serverId: string) => ({
  sendId: row.id,
  connectionId,
  messageStream: "broadcast",
  serverId,
  batchId: row.batchId,
  startedAt: row.sentAt ?? row.createdAt,
  sendBy: new Date((row.sentAt ?? row.createdAt).getTime() + 30_000),
  outcome: "accepted",
});

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
