import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { db, outsideTransaction, transaction } from "../db";
import { newId } from "../ids";
import { makeAutomation, makeVersion, makeWorkspace } from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import { onWake } from "../wake";
import { bumpVersion } from "../workspaces";
import { identify, sendEvent, sendEvents } from "./index";

let actor: Actor;
let browser: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  tenant = systemTenant(workspaceId);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions) };
  browser = { ...actor, kind: "publishable_key" };
});

type Over = {
  exit_when?: object[] | null;
  steps?: object[];
  audience?: object | null;
  reentry?: string;
  source?: string;
};
const definition = (over: Over = {}) => ({
  trigger: { type: "event", event: "signed_up", where: null, source: over.source ?? "any" },
  audience: over.audience ?? null,
  reentry: over.reentry ?? "once",
  exit_when: over.exit_when === undefined ? [{ event: "left" }] : over.exit_when,
  goal: null,
  steps: over.steps ?? [{ id: "wait", type: "delay", for: "P1D" }],
});
const waitFor = (event: string, over: object = {}) => ({ type: "wait_for", event, timeout: "P1D", ...over });
const live = (over: Over = {}) => makeAutomation(db, { workspaceId: tenant.workspaceId, definition: definition(over) });
const event = (name: string, external_id = "u1", over: object = {}) => ({ event: name, external_id, ...over });
const send = (name: string, external_id = "u1", over: object = {}, who = actor) =>
  sendEvent(who, event(name, external_id, over));

/** Everybody's runs stand somewhere until tomorrow, and somebody is just deciding about them. */
const settleDown = () =>
  db.sql(
    `update enrollments set due_at = now() + interval '1 day', ready_at = clock_timestamp(), step_id = 'wait', lease_token = gen_random_uuid()
     where workspace_id = $1 and status = 'active'`,
    [tenant.workspaceId],
  );
/** By run, oldest first: whose it is, what it has heard, and whether it is due and nobody's. */
const runs = () =>
  db.sql<{ person: string; heard: string[]; due: boolean }>(
    `select i.value as person, e.due_at <= clock_timestamp() and e.lease_token is null as due,
       array(select v.name from run_signals s join events v on v.workspace_id = $1 and v.id = s.event_id
         where s.workspace_id = $1 and s.enrollment_id = e.id order by s.received_at, s.event_id) as heard
     from enrollments e join identifiers i on i.workspace_id = $1 and i.profile_id = e.profile_id and i.kind = 'external'
     where e.workspace_id = $1 order by e.event_id, e.automation_id`,
    [tenant.workspaceId],
  );
const heard = async () => (await runs()).map((run) => run.heard);

async function woken(work: () => Promise<unknown>): Promise<number> {
  let times = 0;
  const stop = onWake(() => {
    times += 1;
  });
  await work();
  stop();
  return times;
}

test("an event that a run listens to makes it due, takes it from whoever is deciding, and wakes the dispatcher", async () => {
  await live();
  await send("signed_up", "u1");
  await send("signed_up", "u2");
  await settleDown();
  expect(await woken(() => send("viewed"))).toBe(0);
  expect(await heard()).toEqual([[], []]);
  expect(await woken(() => send("left"))).toBe(1);
  expect(await runs()).toEqual([
    { person: "u1", heard: ["left"], due: true },
    { person: "u2", heard: [], due: false },
  ]);
});

test("a run listens with its version: to what ends it and to what its steps wait for, however deep they are", async () => {
  await live({
    exit_when: [{ event: "left" }, { event: "deleted", where: { field: "event.x", op: "eq", value: "never" } }],
    steps: [
      {
        id: "split",
        type: "split",
        variants: [
          { id: "a", weight: 1, steps: [{ id: "w1", ...waitFor("first") }] },
          {
            id: "b",
            weight: 1,
            steps: [
              {
                id: "branch",
                type: "branch",
                branches: [{ when: { field: "profile.a", op: "exists" }, steps: [] }],
                else: [{ id: "w2", ...waitFor("second", { else: [{ id: "w3", ...waitFor("third") }] }) }],
              },
            ],
          },
        ],
      },
    ],
  });
  await live({ exit_when: null, steps: [{ id: "end", type: "exit" }] });
  await send("signed_up");
  for (const name of ["first", "second", "third", "left", "deleted", "other"]) await send(name);
  // Whether the event is the right one is for the decision; the run is only told that it came.
  expect(await heard()).toEqual([["first", "second", "third", "left", "deleted"], []]);
});

test("who went on with an older version hears what that one listens to, whatever is live now", async () => {
  const { id: automationId } = await live({ exit_when: [{ event: "left" }] });
  await send("signed_up", "old");
  const { workspaceId } = tenant;
  const next = definition({ exit_when: [{ event: "deleted" }] });
  const version = await makeVersion(db, { workspaceId, automationId, number: 2, definition: next });
  await db.sql("update automations set live_version_id = $2 where id = $1", [automationId, version.id]);
  await bumpVersion(db, tenant);
  await send("signed_up", "new");
  for (const person of ["old", "new"]) for (const name of ["left", "deleted"]) await send(name, person);
  expect(await heard()).toEqual([["left"], ["deleted"]]);
});

// In the first case the event alone decides who enters, in the second the person has to be looked at.
describe.each([null, { field: "profile.external_id", op: "exists" }])(
  "in one request, with audience %j",
  (audience) => {
    test("a run hears what came after the event that started it, and not what came before", async () => {
      await live({ audience });
      await sendEvents(actor, {
        events: [
          event("left", "before"),
          event("signed_up", "before"),
          event("signed_up", "after"),
          event("left", "after"),
        ],
      });
      expect(await runs()).toEqual([
        { person: "before", heard: [], due: true },
        { person: "after", heard: ["left"], due: true },
      ]);
    });

    test("of several runs of a person, each hears what came after its own start", async () => {
      await live({ audience, reentry: "every_time" });
      const names = ["signed_up", "left", "signed_up"];
      await sendEvents(actor, { events: names.map((name) => event(name)) });
      expect(await heard()).toEqual([["left"], []]);
      await send("left");
      expect(await heard()).toEqual([["left", "left"], ["left"]]);
    });

    test("an event that starts a run and ends runs ends those of before, and not its own", async () => {
      await live({ audience, reentry: "every_time", exit_when: [{ event: "signed_up" }] });
      await send("signed_up");
      await sendEvents(actor, { events: [event("signed_up"), event("signed_up")] });
      expect(await heard()).toEqual([["signed_up", "signed_up"], ["signed_up"], []]);
    });
  },
);

test("what came before anybody entered is not heard later", async () => {
  await live();
  await send("left");
  await send("signed_up");
  expect(await heard()).toEqual([[]]);
});

test("old events, refused ones and repeated ones tell nobody anything", async () => {
  await live();
  await send("signed_up");
  await settleDown();
  const at = (hours: number) => ({ timestamp: new Date(Date.now() + hours * 3_600_000).toISOString() });
  await send("left", "u1", at(-72.01));
  await expect(send("left", "u1", at(24.01))).rejects.toMatchObject({ code: "validation_error" });
  await sendEvents(actor, { events: [event("left", "u1", { properties: 5 })] });
  expect(await runs()).toEqual([{ person: "u1", heard: [], due: false }]);
  await send("left", "u1", { ...at(-71.9), message_id: "m1" });
  await settleDown();
  await send("left", "u1", { message_id: "m1" });
  expect(await runs()).toEqual([{ person: "u1", heard: ["left"], due: false }]);
  await send("left", "u1", at(23.9));
  expect(await runs()).toEqual([{ person: "u1", heard: ["left", "left"], due: true }]);
});

test("a browser's event is heard as any other, also where only a server's may start a run", async () => {
  await live({ source: "server", steps: [{ id: "w", ...waitFor("clicked") }] });
  await send("signed_up");
  await send("clicked", "u1", {}, browser);
  await send("left", "u1", {}, browser);
  expect(await heard()).toEqual([["clicked", "left"]]);
});

test("runs of a paused automation and of a stopped workspace hear on; those that have ended do not", async () => {
  const paused = await live();
  await live({ reentry: "every_time" });
  await send("signed_up", "u1");
  await send("signed_up", "u2");
  await db.sql("update automations set status = 'paused' where id = $1", [paused.id]);
  await db.sql("update workspaces set sending_stopped_at = now() where id = $1", [tenant.workspaceId]);
  await bumpVersion(db, tenant);
  await db.sql("update enrollments set due_at = null where workspace_id = $1", [tenant.workspaceId]);
  await db.sql(
    "update enrollments set status = 'completed' where profile_id = (select profile_id from identifiers where workspace_id = $1 and value = 'u2')",
    [tenant.workspaceId],
  );
  await send("left", "u1");
  await send("left", "u2");
  expect((await runs()).map(({ person, heard: names }) => `${person} ${names}`).sort()).toEqual([
    "u1 left",
    "u1 left",
    "u2 ",
    "u2 ",
  ]);
});

test("an event under any of a person's ids is heard by their runs", async () => {
  await live();
  await sendEvent(actor, { event: "viewed", anonymous_id: "a1" });
  await send("signed_up");
  await identify(actor, { anonymous_id: "a1", external_id: "u1", traits: {} });
  await sendEvent(actor, { event: "left", anonymous_id: "a1" });
  expect(await heard()).toEqual([["left"]]);
});

test("in another workspace the same people hear nothing", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  await makeAutomation(db, { workspaceId, definition: definition() });
  await live();
  const there = { ...actor, workspaceId };
  for (const who of [actor, there]) await send("signed_up", "u1", {}, who);
  await send("left", "u1", {}, there);
  expect(await heard()).toEqual([[]]);
  const theirs = await db.sql("select 1 from run_signals where workspace_id = $1", [workspaceId]);
  expect(theirs).toHaveLength(1);
});

test("a decision that is being written when an event comes is written first, and the event counts as later", async () => {
  await live();
  await send("signed_up");
  await settleDown();
  let signalled: Promise<unknown> | undefined;
  await transaction(async (tx) => {
    await tx.sql("select 1 from enrollments where workspace_id = $1 for no key update", [tenant.workspaceId]);
    signalled = outsideTransaction(() => send("left"));
    await somebodyWaits();
    await tx.sql(
      "update enrollments set ready_at = date_trunc('milliseconds', clock_timestamp()) where workspace_id = $1",
      [tenant.workspaceId],
    );
  });
  await signalled;
  const [row] = await db.sql<{ later: boolean; due: boolean }>(
    `select s.received_at >= e.ready_at as later, e.due_at <= clock_timestamp() and e.lease_token is null as due
     from run_signals s join enrollments e on e.workspace_id = $1 and e.id = s.enrollment_id where s.workspace_id = $1`,
    [tenant.workspaceId],
  );
  expect(row).toEqual({ later: true, due: true });
});

test("whichever of an entry and an event is stored first: an event that is sent after the entry was acknowledged is heard", async () => {
  await live({ reentry: "every_time" });
  const people = Array.from({ length: 20 }, (_, number) => `p${number}`);
  for (let round = 0; round < 5; round++) {
    // Everybody at once, each in their own order of things.
    await Promise.all(
      people.map(async (person) => {
        await send("signed_up", person);
        await send("left", person);
      }),
    );
  }
  const deaf = (await runs()).filter((run) => run.heard.length === 0);
  expect(deaf).toEqual([]);
});
