import "server-only";
import { vi } from "vitest";
import { archiveAutomation, publishAutomation, updateAutomation } from "../../automations";
import { updateAutomationInput } from "../../automations/schema";
import { db } from "../../db";
import { alias } from "../../events";
import { aliasInput } from "../../events/schema";
import { unsubscribe } from "../../sends";
import { unsubscribeToken } from "../../sends/unsubscribe-link";
import { makeSends, makeVersion } from "../../testing/factory";
import { runAttemptsMax } from "../backoff";
import { actorIn, type Cases, email, happens, signsUp, tamper, trigger, type World, worldOf } from "./cases";

const wait = { id: "pause", type: "delay", for: "P1D" };
const plan = (value: string) => ({
  id: "plan",
  type: "branch",
  branches: [{ when: { field: "profile.plan", op: "eq", value }, steps: [] }],
  else: [],
});
const waitFor = { id: "nudge", type: "wait_for", event: "activated", timeout: "PT4H", then: [], else: [] };

/** One person goes through these steps, as far as they lead. */
async function goes(steps: object[], person: object = { traits: { plan: "pro" } }): Promise<World> {
  const world = await worldOf(() => steps);
  await world.enroll([person]);
  await world.pass();
  return world;
}
const through = (steps: object[], person?: object) => async () => (await goes(steps, person)).workspaceId;

/** Somebody signs up, and waits for an event. */
async function waits(over: object = {}): Promise<World> {
  const world = await worldOf(() => [waitFor], over);
  await signsUp(world);
  await world.pass();
  return world;
}

/** Other steps are published, and who is in moves to them. */
async function publishes({ workspaceId, automation }: World, steps: object[]): Promise<void> {
  const actor = actorIn(workspaceId);
  const input = { id: automation.id, name: automation.name, trigger, steps };
  await updateAutomation(actor, updateAutomationInput.parse(input));
  await publishAutomation(actor, { id: automation.id, in_flight: "move" });
}

/** Somebody is in twice, under two names, and turns out to be one. */
async function isMerged(world: World): Promise<void> {
  await signsUp(world, {}, "ada");
  await signsUp(world, {}, "lovelace");
  await world.pass();
  const names = aliasInput.parse({ user_id: "ada", previous_id: "lovelace" });
  await alias(actorIn(world.workspaceId), names);
}

/** How a run goes on, waits and ends. */
export const runCases: Cases = {
  delay: through([wait]),
  branch_taken: through([plan("pro")]),
  branch_else: through([plan("free")]),
  finished: through([]),
  nothing_sent: through([plan("free")]),
  exit_step: through([{ id: "end", type: "exit" }]),
  waited_for: async () => (await waits()).workspaceId,
  event_came: async () => {
    const world = await waits();
    await happens(world.workspaceId, "activated");
    await world.pass();
    return world.workspaceId;
  },
  wait_timed_out: async () => {
    const world = await waits();
    await db.sql(
      "update enrollments set step_due_at = step_due_at - interval '5 hours', ready_at = ready_at - interval '5 hours' where workspace_id = $1",
      [world.workspaceId],
    );
    await world.letTimePass();
    await world.pass();
    return world.workspaceId;
  },
  exit_event: async () => {
    const world = await waits({ exit_when: [{ event: "account_deleted", where: null }] });
    await happens(world.workspaceId, "account_deleted");
    await world.pass();
    return world.workspaceId;
  },
  unsubscribed: async () => {
    const world = await worldOf((id) => [email(id), wait], { on_unsubscribe: "exit" });
    await world.enroll([{ email: "ada@example.com" }]);
    await world.pass();
    const [send] = await world.sends();
    const { workspaceId, connection } = world;
    const token = unsubscribeToken({
      workspaceId,
      connectionId: connection.id,
      sendId: send?.id ?? "",
      stream: "broadcast",
      email: "ada@example.com",
    });
    await unsubscribe(token, "page");
    await world.pass();
    return workspaceId;
  },
  split_taken: through([
    {
      id: "ab",
      type: "split",
      variants: [
        { id: "a", weight: 1, steps: [] },
        { id: "b", weight: 1, steps: [] },
      ],
    },
  ]),
  profile_updated: through([{ id: "tag", type: "update_profile", set: { onboarded: true } }]),
  update_refused: through([{ id: "tag", type: "update_profile", set: { one_more: true } }], {
    traits: Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`trait_${index}`, index])),
  }),
  moved: async () => {
    const world = await goes([wait]);
    await publishes(world, [wait, { id: "end", type: "exit" }]);
    return world.workspaceId;
  },
  passed_before: async () => {
    const tag = { id: "tag", type: "update_profile", set: { onboarded: true } };
    const world = await goes([tag, wait]);
    await publishes(world, [wait, tag]);
    await db.sql("update enrollments set step_due_at = now() - interval '1 second' where workspace_id = $1", [
      world.workspaceId,
    ]);
    await world.letTimePass();
    await world.pass();
    return world.workspaceId;
  },
  step_removed: async () => {
    const world = await worldOf((id) => [email(id)]);
    await world.enroll([{}], { stepId: "gone" });
    await world.pass();
    return world.workspaceId;
  },
  archived: async () => {
    const world = await goes([wait]);
    await archiveAutomation(actorIn(world.workspaceId), { id: world.automation.id });
    return world.workspaceId;
  },
  merged: async () => {
    const world = await worldOf(() => [wait]);
    await isMerged(world);
    return world.workspaceId;
  },
  merged_run: async () => {
    const world = await worldOf((id) => [email(id)]);
    await db.prisma.connection.updateMany({ where: { workspaceId: world.workspaceId }, data: { status: "disabled" } });
    await isMerged(world);
    return world.workspaceId;
  },
  profile_deleted: async () => {
    const world = await worldOf(() => [wait]);
    await world.enroll([{}, {}]);
    // The person of one goes while a decision about their run is under way.
    await tamper(
      "delete from profiles where id = (select profile_id from enrollments where workspace_id = $1 order by id limit 1)",
      [world.workspaceId],
    );
    await world.pass();
    return world.workspaceId;
  },
  engine_error: async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const world = await worldOf(() => [wait]);
    const { workspaceId, automation } = world;
    const unreadable = await makeVersion(db, { workspaceId, automationId: automation.id, definition: {}, number: 2 });
    await world.enroll([{}], { attempt: runAttemptsMax });
    await db.sql("update enrollments set version_id = $2 where workspace_id = $1", [workspaceId, unreadable.id]);
    await world.pass();
    return workspaceId;
  },
  unknown_released: async () => {
    const world = await worldOf((id) => [email(id)]);
    const { workspaceId, connection, automation } = world;
    const { runs } = await world.enroll([{}], { stepId: "welcome" });
    const send = {
      connectionId: connection.id,
      automationId: automation.id,
      versionId: automation.version.id,
      enrollmentId: runs[0]?.id,
      profileId: runs[0]?.profileId,
    };
    const unknownSince = new Date(Date.now() - 25 * 3_600_000);
    await makeSends(db, { workspaceId }, [
      { ...send, stepId: "welcome", status: "unknown", unknownSince, dueAt: null },
    ]);
    await world.pass();
    return workspaceId;
  },
  its_turn: async () => {
    const world = await worldOf(() => [wait]);
    await world.enroll([{}]);
    return world.workspaceId;
  },
};
