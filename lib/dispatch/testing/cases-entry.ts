import "server-only";
import { vi } from "vitest";
import {
  archiveAutomation,
  createAutomation,
  pauseAutomation,
  publishAutomation,
  resumeAutomation,
  updateAutomation,
} from "../../automations";
import { createAutomationInput, updateAutomationInput } from "../../automations/schema";
import { db } from "../../db";
import { sendEvent } from "../../events";
import { resumeSending, stopSending } from "../../sends";
import { makeEvent, makeWorkspace } from "../../testing/factory";
import { actorIn, type Case, type Cases, happens, trigger } from "./cases";

const steps = [{ id: "end", type: "exit" }];
const plan = (value: string) => ({ field: "profile.plan", op: "eq", value });

/** A workspace with an automation that people make, as people make it. */
async function made(over: object = {}, publish = true) {
  const { id: workspaceId } = await makeWorkspace(db);
  const actor = actorIn(workspaceId);
  const input = createAutomationInput.parse({ name: "Welcome", trigger, steps, ...over });
  const { id } = await createAutomation(actor, input);
  if (publish) await publishAutomation(actor, { id, in_flight: "finish" });
  return { workspaceId, actor, id };
}
type Made = Awaited<ReturnType<typeof made>>;

const signUp = ({ workspaceId }: Made, over: object = {}) => happens(workspaceId, "signed_up", over);
/** Ada signs up for what the definition says, with what she brings. */
const comes =
  (over: object, event: object = {}): Case =>
  async () => {
    const world = await made(over);
    await signUp(world, event);
    return world.workspaceId;
  };
/** Ada signs up while something holds; then it holds no longer. */
const meanwhile =
  (hold: (world: Made) => Promise<unknown>, release: (world: Made) => Promise<unknown> = async () => undefined): Case =>
  async () => {
    const world = await made();
    await hold(world);
    await signUp(world);
    await release(world);
    return world.workspaceId;
  };

/** Who enters, and why others did not. */
export const entryCases: Cases = {
  trigger: comes({}),
  never_published: async () => {
    const world = await made({}, false);
    await signUp(world);
    return world.workspaceId;
  },
  no_such_event: async () => {
    const world = await made();
    await happens(world.workspaceId, "looked_around");
    return world.workspaceId;
  },
  not_published_yet: async () => {
    const world = await made({}, false);
    await signUp(world);
    await publishAutomation(world.actor, { id: world.id, in_flight: "finish" });
    return world.workspaceId;
  },
  was_paused: meanwhile(
    ({ actor, id }) => pauseAutomation(actor, { id, queued: "hold" }),
    ({ actor, id }) => resumeAutomation(actor, { id, overdue: "send" }),
  ),
  was_archived: meanwhile(({ actor, id }) => archiveAutomation(actor, { id })),
  sending_was_stopped: meanwhile(
    ({ actor }) => stopSending(actor, { queued: "hold" }),
    ({ actor }) => resumeSending(actor, { overdue: "send" }),
  ),
  version_unreadable: meanwhile(async ({ workspaceId }) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const newer = JSON.stringify({ trigger, audience: null, reentry: "as_a_newer_release_says" });
    await db.sql("update automation_versions set definition = $2 where workspace_id = $1", [workspaceId, newer]);
    await db.sql("update workspaces set version = version + 1 where id = $1", [workspaceId]);
  }),
  other_event: async () => {
    const world = await made({ trigger: { ...trigger, event: "paid" } });
    await signUp(world);
    await updateAutomation(world.actor, updateAutomationInput.parse({ id: world.id, name: "Welcome", trigger, steps }));
    await publishAutomation(world.actor, { id: world.id, in_flight: "finish" });
    return world.workspaceId;
  },
  wrong_source: async () => {
    const world = await made({ trigger: { ...trigger, source: "server" } });
    const browser = { ...world.actor, kind: "publishable_key" } as const;
    await sendEvent(browser, { event: "signed_up", anonymous_id: "somebody" });
    return world.workspaceId;
  },
  event_too_old: comes({}, { timestamp: new Date(Date.now() - 73 * 3_600_000).toISOString() }),
  where_not_met: comes(
    { trigger: { ...trigger, where: { field: "event.amount", op: "gte", value: 10 } } },
    { properties: { amount: 5 } },
  ),
  audience_not_met: comes({ audience: plan("pro") }),
  already_entered: async () => {
    const world = await made();
    await signUp(world);
    await signUp(world);
    return world.workspaceId;
  },
  entered_lately: async () => {
    const world = await made({ reentry: { once_every: "P30D" } });
    await signUp(world);
    await signUp(world);
    return world.workspaceId;
  },
  person_was_different: async () => {
    const world = await made({ audience: plan("pro") });
    await signUp(world);
    await happens(world.workspaceId, "$identify", { traits: { plan: "pro" } });
    return world.workspaceId;
  },
  no_run_made: async () => {
    const world = await made();
    // Brought in past the intake, as an import of history is.
    await makeEvent(db, { workspaceId: world.workspaceId });
    return world.workspaceId;
  },
};
