import { beforeEach, describe, expect, test } from "vitest";
import { pauseAutomation, resumeAutomation } from "../automations";
import { db } from "../db";
import { emailStep } from "../testing/factory";
import { actorIn, happens, signsUp, type World, withSteps } from "./testing/cases";
import { makeWorld, quiesce } from "./testing/world";

beforeEach(quiesce);

const delay = (id: string) => ({ id, type: "delay", for: "P1D" });
const leaving = { exit_when: [{ event: "left", where: null }] };
const world = (steps: (connectionId: string) => object[], over: object = leaving) =>
  makeWorld({ definition: withSteps(steps, over) });
/** One email at once, the second a day later. */
const twoEmails = (id: string) => [emailStep("first", id), delay("day"), emailStep("second", id)];

/** Everything in this workspace is so much older. */
async function age({ workspaceId, letTimePass }: World, interval: string): Promise<void> {
  await db.sql(
    `update enrollments set ready_at = ready_at - $2::interval, step_due_at = step_due_at - $2::interval
     where workspace_id = $1 and status = 'active'`,
    [workspaceId, interval],
  );
  await db.sql("update run_signals set received_at = received_at - $2::interval where workspace_id = $1", [
    workspaceId,
    interval,
  ]);
  await letTimePass();
}
const texts = ({ fake }: World) => fake.outbox.map(({ message }) => message.subject);
const states = async ({ runs }: World) =>
  (await runs()).map(({ status, reason, stepId }) => ({ status, reason, stepId }));

describe("an event that ends a run", () => {
  test("once acknowledged lets no further email of that run leave, and harms nobody else's", async () => {
    const here = await world(twoEmails);
    await signsUp(here, {}, "ada");
    await signsUp(here, {}, "bob");
    await here.pass();
    await happens(here.workspaceId, "left", {}, "ada");
    await age(here, "25 hours");
    await here.pass();
    const told = here.fake.outbox.map(({ to }) => to).sort();
    expect(told).toEqual(["ada@example.com", "bob@example.com", "bob@example.com"]);
    const ends = (await here.runs()).map(({ status, reason }) => `${status} ${reason}`).sort();
    expect(ends).toEqual(["completed null", "exited exit_event"]);
  });

  test("drops the email that waits in the queue, and says so", async () => {
    const here = await world(twoEmails);
    await db.prisma.connection.updateMany({ where: { workspaceId: here.workspaceId }, data: { status: "disabled" } });
    await signsUp(here);
    await here.pass();
    await happens(here.workspaceId, "left");
    await db.prisma.connection.updateMany({ where: { workspaceId: here.workspaceId }, data: { status: "ready" } });
    await here.letTimePass();
    await here.pass();
    expect(here.fake.calls).toEqual([]);
    expect(await here.sends()).toMatchObject([{ status: "skipped", reason: "run_ended" }]);
  });

  test("counts while the automation is paused", async () => {
    const here = await world(twoEmails);
    await signsUp(here);
    await here.pass();
    const at = { actor: actorIn(here.workspaceId), id: here.automation.id };
    await pauseAutomation(at.actor, { id: at.id, queued: "hold" });
    await happens(here.workspaceId, "left");
    await here.pass();
    expect(await states(here)).toMatchObject([{ status: "exited", reason: "exit_event" }]);
    await resumeAutomation(at.actor, { id: at.id, overdue: "send" });
    await age(here, "25 hours");
    await here.pass();
    expect(here.fake.outbox).toHaveLength(1);
  });

  test("ends only the runs whose filter holds for it, and nobody's who came before the run", async () => {
    const where = { field: "event.plan", op: "eq", value: "pro" };
    const here = await world(twoEmails, { exit_when: [{ event: "left", where }] });
    await happens(here.workspaceId, "left", { properties: { plan: "pro" } });
    await signsUp(here);
    await here.pass();
    await happens(here.workspaceId, "left", { properties: { plan: "free" } });
    await age(here, "25 hours");
    await here.pass();
    expect(texts(here)).toHaveLength(2);
    expect(await states(here)).toMatchObject([{ status: "completed" }]);
  });
});

describe("a step that waits for an event", () => {
  const waiting = (id: string) => [
    {
      id: "wait",
      type: "wait_for",
      event: "activated",
      where: { field: "event.plan", op: "eq", value: "pro" },
      timeout: "PT4H",
      then: [emailStep("came", id, { subject: "came" })],
      else: [emailStep("late", id, { subject: "late" })],
    },
    emailStep("after", id, { subject: "after" }),
  ];
  const activated = ({ workspaceId }: World, plan = "pro") =>
    happens(workspaceId, "activated", { properties: { plan } });

  test("goes one way when it comes in time, and then on", async () => {
    const here = await world(waiting);
    await signsUp(here);
    await here.pass();
    await activated(here, "free");
    await here.pass();
    expect(texts(here)).toEqual([]);
    await activated(here);
    await here.pass();
    await here.pass();
    expect(texts(here)).toEqual(["came", "after"]);
  });

  test("goes the other way when it does not, also if it comes later", async () => {
    const here = await world(waiting);
    await signsUp(here);
    await here.pass();
    await age(here, "4 hours 1 second");
    await activated(here);
    await here.pass();
    await here.pass();
    expect(texts(here)).toEqual(["late", "after"]);
  });

  test("goes by when the event came, not by when somebody had time to look", async () => {
    const here = await world(waiting);
    await signsUp(here);
    await here.pass();
    await activated(here);
    await age(here, "5 hours");
    await here.pass();
    await here.pass();
    expect(texts(here)).toEqual(["came", "after"]);
  });

  test("does not take an event from before it was reached", async () => {
    const here = await world((id) => [delay("day"), ...waiting(id)]);
    await signsUp(here);
    await here.pass();
    await activated(here);
    await here.pass();
    await age(here, "25 hours");
    await here.pass();
    expect(await states(here)).toMatchObject([{ status: "active", stepId: "wait" }]);
    expect(texts(here)).toEqual([]);
  });
});

/** When something was asked for or said, by whom it is about. */
type Times = Map<string, number>;

describe("an exit event that races the delivery", () => {
  // At each await before the last look: the email stays. What is confirmed counts as begun.
  test.each([
    ["claim", 0],
    ["load", 0],
    ["prepare", 0],
    ["confirm", 0],
    ["call", 1],
    ["report lane", 1],
  ])("acknowledged right before “%s”, %i leave", async (step, leaving) => {
    const here = await world((id) => [emailStep("first", id), emailStep("second", id)]);
    await signsUp(here);
    let told = false;
    const means = {
      step: async (name: string) => {
        if (name !== step || told) return;
        told = true;
        await happens(here.workspaceId, "left");
      },
    };
    await here.pass(means);
    for (let round = 0; round < 3; round++) {
      await here.letTimePass();
      await here.pass();
    }
    expect(told).toBe(true);
    expect(here.fake.outbox).toHaveLength(leaving);
    expect(await states(here)).toMatchObject([{ status: "exited", reason: "exit_event" }]);
  });

  test("two hundred times: nothing begins to leave once the event is acknowledged, and every run ends", async () => {
    const here = await world((id) => [
      emailStep("first", id),
      emailStep("second", id),
      delay("day"),
      emailStep("third", id),
    ]);
    const acknowledged: Times = new Map();
    const asked: { at: number; from: number }[] = [];
    const means = {
      step: (name: string) => {
        if (name === "confirm") asked.push({ at: performance.now(), from: here.fake.outbox.length });
      },
    };
    /** When it was asked whether an email may leave: the last time before it left. */
    const askedFor = (index: number) => Math.max(...asked.filter(({ from }) => from <= index).map(({ at }) => at));
    const askedAt: { to: string | null; at: number }[] = [];
    const rounds = 20;
    const each = 10;
    for (let round = 0; round < rounds; round++) {
      const people = Array.from({ length: each }, (_, number) => `p${round}-${number}`);
      await Promise.all(people.map((person) => signsUp(here, {}, person)));
      const before = here.fake.outbox.length;
      const leave = people.map(async (person) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
        await happens(here.workspaceId, "left", {}, person);
        acknowledged.set(`${person}@example.com`, performance.now());
      });
      await Promise.all([here.pass(means), ...leave]);
      await here.pass(means);
      here.fake.outbox.slice(before).forEach(({ to }, index) => {
        askedAt.push({ to, at: askedFor(before + index) });
      });
    }
    await here.letTimePass();
    await here.pass(means);
    const late = askedAt.filter(({ to, at }) => at > (acknowledged.get(to ?? "") ?? 0));
    expect(late).toEqual([]);
    const ended = (await here.runs()).filter(({ status, reason }) => status === "exited" && reason === "exit_event");
    const completed = (await here.runs()).filter(({ status }) => status !== "exited");
    console.log(`${here.fake.outbox.length} emails left before ${ended.length} events were acknowledged`);
    expect([ended.length, completed.length]).toEqual([rounds * each, 0]);
    expect(await db.sql("select 1 from run_signals where workspace_id = $1", [here.workspaceId])).toEqual([]);
    expect(
      await db.sql("select 1 from sends where workspace_id = $1 and status = 'queued'", [here.workspaceId]),
    ).toEqual([]);
  }, 120_000);
});
