import "server-only";
import { systemTenant } from "../../actor";
import { connectionRecords } from "../../connections";
import { db } from "../../db";
import {
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeProfiles,
  makeWorkspace,
  type ProfileOver,
  welcomeDefinition,
} from "../../testing/factory";
import { FakeConnector } from "../../testing/fake-connector";
import { dispatch } from "../index";
import type { Means } from "../means";

type WorldOver = { definition?: (connectionId: string) => object; connection?: object };

/** Of every world of this test file: a pass works for all workspaces. */
const fakes = new Map<string, FakeConnector>();

/** Leaves nothing due behind: a pass of the next test would do it. */
export async function quiesce(): Promise<void> {
  await db.sql("update sends set due_at = null");
  await db.sql("update enrollments set due_at = null");
}

/** A workspace with a live automation whose email leaves through a connector that does what the test says. */
export async function makeWorld({ definition = welcomeDefinition, connection: over = {} }: WorldOver = {}) {
  const workspace = await makeWorkspace(db);
  const workspaceId = workspace.id;
  const connection = await makeConnection(db, { workspaceId, ...over });
  const automation = await makeAutomation(db, { workspaceId, definition: definition(connection.id) });
  const fake = new FakeConnector();
  fakes.set(connection.id, fake);
  const world = {
    workspaceId,
    tenant: systemTenant(workspaceId),
    connection,
    automation,
    fake,
    means,
    /** People at the beginning of the automation, due now. */
    async enroll(people: readonly ProfileOver[], run: object = {}) {
      const profiles = await makeProfiles(db, { workspaceId }, people);
      const named = { workspaceId, automationId: automation.id, versionId: automation.version.id };
      const runs = await makeEnrollments(
        db,
        named,
        profiles.map(({ id }) => ({ profileId: id, ...run })),
      );
      return { profiles, runs };
    },
    pass: (given: Partial<Means> = {}) => dispatch({ budgetMs: 10_000, kind: "worker", ...world.means, ...given }),
    sends: () => db.prisma.send.findMany({ where: { workspaceId }, orderBy: [{ enrollmentId: "asc" }, { id: "asc" }] }),
    attempts: () =>
      db.prisma.sendAttempt.findMany({ where: { workspaceId }, orderBy: [{ sendId: "asc" }, { number: "asc" }] }),
    runs: () => db.prisma.enrollment.findMany({ where: { workspaceId }, orderBy: { id: "asc" } }),
    decisions: () => db.prisma.decision.findMany({ where: { workspaceId }, orderBy: { id: "asc" } }),
    /** As if the time had come for everything that waits, in this workspace. */
    async letTimePass(where = "true") {
      await db.sql(
        `update sends set due_at = clock_timestamp() - interval '1 second' where workspace_id = $1 and due_at is not null and ${where}`,
        [workspaceId],
      );
      await db.sql(
        "update enrollments set due_at = clock_timestamp() - interval '1 second' where workspace_id = $1 and due_at is not null",
        [workspaceId],
      );
      await db.sql("update send_lanes set not_before = null where workspace_id = $1", [workspaceId]);
    },
    /** As if attempts had ended this long ago, so that not being found counts. */
    async ageAttempts(ageMs: number) {
      await db.sql(
        "update send_attempts set started_at = started_at - $2::float8 * interval '1 millisecond', send_by = send_by - $2::float8 * interval '1 millisecond', checked_at = checked_at - $2::float8 * interval '1 millisecond' where workspace_id = $1 and outcome is null",
        [workspaceId, ageMs],
      );
      await world.letTimePass();
    },
  };
  return world;
}

/** Opens fakes in the place of what the connections would be opened to. */
const means: Pick<Means, "open" | "chance"> = {
  chance: () => 0.5,
  async open(database, tenant, connectionId) {
    const connection = (await connectionRecords(database, tenant, [connectionId])).get(connectionId);
    const connector = fakes.get(connectionId);
    if (!connection || !connector) throw new Error("no such connection in this test");
    return { connector, connection };
  },
};

export const people = (count: number, from = 0): ProfileOver[] =>
  Array.from({ length: count }, (_, index) => ({ email: `person-${from + index}@example.com` }));
