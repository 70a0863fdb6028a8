import { expect, test } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import { makeAutomation, makeVersion, makeWorkspace } from "../testing/factory";
import { listenedEvents } from "./index";

const listening = (...names: string[]) => ({
  trigger: { type: "event", event: "signed_up" },
  exit_when: names.map((event) => ({ event, where: null })),
  steps: [],
});

test("all versions of live and paused automations listen, none of drafts, archived and deleted ones, nor another workspace's", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const { id: elsewhere } = await makeWorkspace(db);
  const make = (over: object) => makeAutomation(db, { workspaceId, definition: listening("left"), ...over });
  const live = await make({});
  const paused = await make({ status: "paused" });
  for (const over of [
    { status: "draft" },
    { status: "archived" },
    { deletedAt: new Date() },
    { workspaceId: elsewhere },
  ])
    await make(over);
  const next = listening("left", "deleted");
  const newer = await makeVersion(db, { workspaceId, automationId: live.id, number: 2, definition: next });
  const listened = await listenedEvents(db, systemTenant(workspaceId));
  expect(new Set(listened.get("left"))).toEqual(new Set([live.version.id, paused.version.id, newer.id]));
  expect(listened.get("deleted")).toEqual([newer.id]);
  expect([...listened.keys()].sort()).toEqual(["deleted", "left"]);
  // What was read before is the same the second time.
  expect(await listenedEvents(db, systemTenant(workspaceId))).toEqual(listened);
});

test("steps are looked for wherever steps may be; texts and traits that look like steps and what no release can read harm nobody", async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  const wait = (event: unknown, over: object = {}) => ({ id: "w", type: "wait_for", event, ...over });
  const steps = [
    { type: "branch", branches: [{ steps: [wait("a")] }], else: [wait("b", { then: [wait("c")], else: [wait("d")] })] },
    { type: "split", variants: [{ steps: [wait("e")] }] },
    { type: "send_email", subject: "wait_for", html: '{"type":"wait_for","event":"text"}' },
    { type: "delay", event: "not_waited_for" },
    wait(5),
    wait(undefined),
    "not a step",
  ];
  await makeAutomation(db, { workspaceId, definition: { exit_when: [{ event: "f" }, { event: null }, 7], steps } });
  await makeAutomation(db, { workspaceId, definition: { exit_when: null } });
  await makeAutomation(db, { workspaceId, definition: { exit_when: { event: "g" }, steps: wait("h") } });
  const names = [...(await listenedEvents(db, systemTenant(workspaceId))).keys()].sort();
  expect(names).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
});
