import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { makeAutomation, makeWorkspace } from "../testing/factory";
import { onWake } from "../wake";
import { bumpVersion } from "../workspaces";
import { identify, sendEvent, sendEvents } from "./index";

let actor: Actor;
let browser: Actor;

beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions) };
  browser = { ...actor, kind: "publishable_key" };
});

type Over = { where?: object; audience?: object; reentry?: string; source?: string };
async function live({ where, audience, reentry = "once", source = "any" }: Over = {}) {
  const definition = {
    trigger: { type: "event", event: "signed_up", where: where ?? null, source },
    audience: audience ?? null,
    reentry,
    exit_when: null,
    goal: null,
    steps: [{ id: "end", type: "exit" }],
  };
  return makeAutomation(db, { workspaceId: actor.workspaceId, definition });
}
const entered = () =>
  db.sql<{ person: string; key: string; due: boolean; details: object }>(
    `select i.value as person, e.entry_key as key, e.due_at <= clock_timestamp() and e.ready_at is not null as due, d.details
     from enrollments e join identifiers i on i.workspace_id = e.workspace_id and i.profile_id = e.profile_id and i.kind = 'external'
     join decisions d on d.workspace_id = e.workspace_id and d.enrollment_id = e.id and d.kind = 'entered'
     where e.workspace_id = $1 order by e.id`,
    [actor.workspaceId],
  );
const people = async () => (await entered()).map(({ person }) => person).sort();
const signUp = (external_id: string, over: object = {}, who = actor) =>
  sendEvent(who, { event: "signed_up", external_id, ...over });
const changed = () => bumpVersion(db, systemTenant(actor.workspaceId));

describe("an event that starts an automation", () => {
  test("enters its person in the same transaction, due at once, said why, and wakes the dispatcher", async () => {
    await live();
    let woken = 0;
    const stop = onWake(() => {
      woken += 1;
    });
    await sendEvent(actor, { event: "viewed", external_id: "u1" });
    expect(woken).toBe(0);
    await signUp("u1");
    stop();
    expect(woken).toBe(1);
    expect(await entered()).toEqual([
      { person: "u1", key: "", due: true, details: { event: "signed_up", source: "server" } },
    ]);
  });

  test("enters once where it says once, and each time where it says so, also in one batch", async () => {
    await live({ reentry: "once" });
    await live({ reentry: "every_time" });
    const event = { event: "signed_up", external_id: "u1" };
    await sendEvents(actor, { events: [event, event, { ...event, external_id: "u2" }] });
    await signUp("u1");
    expect(await people()).toEqual(["u1", "u1", "u1", "u1", "u2", "u2"]);
  });

  test("of more than 72 hours ago is stored and starts nothing", async () => {
    await live();
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    await signUp("old", { timestamp: ago(73) });
    await signUp("new", { timestamp: ago(71) });
    expect(await people()).toEqual(["new"]);
    expect(await db.sql("select 1 from events where workspace_id = $1", [actor.workspaceId])).toHaveLength(2);
  });

  test("of a browser does not start what only servers may start", async () => {
    await live({ source: "server" });
    await signUp("u1", {}, browser);
    await signUp("u2");
    expect(await people()).toEqual(["u2"]);
  });

  test("starts only what its properties let in", async () => {
    await live({ where: { field: "event.plan", op: "eq", value: "pro" } });
    await signUp("u1", { properties: { plan: "free" } });
    await signUp("u2", { properties: { plan: "pro" } });
    expect(await people()).toEqual(["u2"]);
  });

  test("asks about the person as they are with this very request", async () => {
    await live({ audience: { field: "profile.plan", op: "eq", value: "pro" } });
    await identify(actor, { external_id: "u1", traits: { plan: "pro" } });
    await sendEvents(actor, {
      events: [
        { event: "signed_up", external_id: "u1" },
        { event: "$identify", external_id: "u2", traits: { plan: "pro" } },
        { event: "signed_up", external_id: "u2" },
        { event: "signed_up", external_id: "u3" },
      ],
    });
    expect(await people()).toEqual(["u1", "u2"]);
  });

  test("that is repeated starts nothing again", async () => {
    await live({ reentry: "every_time" });
    await live({ reentry: "every_time", audience: { field: "profile.external_id", op: "exists" } });
    await signUp("u1", { message_id: "m1" });
    await signUp("u1", { message_id: "m1" });
    expect(await people()).toEqual(["u1", "u1"]);
  });
});

test("a publish, a pause and a stop hold from the next request on, whatever this process remembers", async () => {
  await signUp("before");
  const { id } = await live();
  await changed();
  await signUp("live");
  await db.sql("update automations set status = 'paused' where workspace_id = $1 and id = $2", [actor.workspaceId, id]);
  await changed();
  await signUp("paused");
  await db.sql("update automations set status = 'live' where workspace_id = $1 and id = $2", [actor.workspaceId, id]);
  await db.sql("update workspaces set sending_stopped_at = now() where id = $1", [actor.workspaceId]);
  await changed();
  await signUp("stopped");
  expect(await people()).toEqual(["live"]);
});

test("an automation of another workspace is not started", async () => {
  await live();
  const { id: workspaceId } = await makeWorkspace(db);
  await signUp("u1", {}, { ...actor, workspaceId });
  expect(await people()).toEqual([]);
});
