import { afterEach, expect, test } from "vitest";
import { makeWorld, people, quiesce } from "../dispatch/testing/world";
import { emailStep } from "../testing/factory";
import { operatorActor } from "../workspaces";
import { archiveAutomation, pauseAutomation, publishAutomation, resumeAutomation } from "./index";

// What a person decides about an automation, as the engine carries it out.
afterEach(quiesce);

const twoEmails = (connectionId: string) => ({
  trigger: { type: "event", event: "signed_up" },
  steps: [emailStep("first", connectionId), emailStep("second", connectionId)],
});
async function started() {
  const world = await makeWorld({ definition: twoEmails });
  const [actor, id] = [operatorActor(world.workspaceId), world.automation.id];
  return {
    ...world,
    work: () => world.pass(),
    pause: (queued: "hold" | "skip") => pauseAutomation(actor, { id, queued }),
    resume: (overdue: "send" | "skip") => resumeAutomation(actor, { id, overdue }),
    publish: () => publishAutomation(actor, { id, in_flight: "finish" }),
    archive: () => archiveAutomation(actor, { id }),
    ends: async () => (await world.runs()).map(({ status, reason }) => [status, reason]),
    mail: async () => (await world.sends()).map(({ stepId, status, reason }) => `${stepId} ${status} ${reason}`).sort(),
  };
}

test("who is in a paused automation stands still, and goes on where they stood once it is resumed", async () => {
  const world = await started();
  await world.enroll(people(3));
  await world.pause("hold");
  await world.work();
  expect(await world.mail()).toEqual([]);
  expect((await world.runs()).map(({ dueAt }) => dueAt)).toEqual([null, null, null]);
  await world.resume("send");
  await world.work();
  expect(world.fake.outbox).toHaveLength(6);
  expect(await world.ends()).toEqual(Array(3).fill(["completed", null]));
});

test("an email that was queued before a pause waits through it, and leaves once", async () => {
  const world = await started();
  world.fake.answerNext({ kind: "not_sent", cause: "busy", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.work();
  expect(await world.mail()).toEqual(["first queued provider_busy"]);
  await world.pause("hold");
  await world.letTimePass();
  await world.work();
  expect((await world.sends()).map(({ status, dueAt }) => [status, dueAt])).toEqual([["queued", null]]);
  await world.publish(); // of a paused one, it resumes
  await world.work();
  expect(world.fake.outbox).toHaveLength(2);
  expect(await world.mail()).toEqual(["first sent null", "second sent null"]);
});

test("resuming without what is overdue drops the email that was due meanwhile, also one that was not queued yet", async () => {
  const world = await started();
  await world.enroll(people(2));
  await world.pause("hold");
  await world.pass();
  await world.resume("skip");
  await world.work();
  expect((await world.mail()).filter((line) => line.startsWith("first"))).toEqual(
    Array(2).fill("first skipped overdue"),
  );
  expect(await world.ends()).toEqual(Array(2).fill(["completed", null]));
});

test("pausing without what is queued drops that, and only that", async () => {
  const world = await started();
  world.fake.answerNext({ kind: "not_sent", cause: "busy", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.pass();
  await world.pause("skip");
  await world.work();
  expect(await world.mail()).toEqual(["first skipped paused"]);
  await world.resume("send");
  await world.letTimePass();
  await world.work();
  expect(await world.mail()).toEqual(["first skipped paused", "second sent null"]);
});

test("after archiving nothing leaves any more and nobody is left inside", async () => {
  const world = await started();
  world.fake.answerNext({ kind: "not_sent", cause: "busy", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(2));
  await world.pass();
  await world.archive();
  await world.enroll(people(1, 2)); // an event that was on its way at that moment
  await world.letTimePass();
  await world.work();
  expect(world.fake.outbox).toEqual([]);
  expect(await world.mail()).toEqual(Array(2).fill("first skipped automation_archived"));
  expect(await world.ends()).toEqual(Array(3).fill(["exited", "archived"]));
});
