import { afterEach, expect, test } from "vitest";
import { pauseAutomation, publishAutomation, resumeAutomation, updateAutomation } from "../automations";
import { updateAutomationInput } from "../automations/schema";
import { emailStep } from "../testing/factory";
import { actorOf, ada, base, day, ends, exit, goBack, happen, refused, type World, waitFor } from "./testing/rules";
import { makeWorld, quiesce } from "./testing/world";

// Wherever a run may stand, the same holds of a pause, of an event that ends it, and of a new version.
afterEach(quiesce);

type Kind = { steps: (mail: object) => object[]; left: () => Promise<unknown> };
let world: World;
const over = () => goBack(world, 24 * 60 + 1);
const kinds: Record<string, Kind> = {
  "before its first step": { steps: (mail) => [mail], left: async () => undefined },
  "in a delay": { steps: (mail) => [day, mail], left: over },
  "waiting for an event": {
    steps: (mail) => [waitFor("wait", [mail], [exit("no")])],
    left: () => happen(world, "activated"),
  },
  "waiting for an event that does not come": { steps: (mail) => [waitFor("wait", [exit("no")], [mail])], left: over },
  "in a branch": {
    steps: (mail) => [
      {
        id: "b",
        type: "branch",
        branches: [{ when: { performed: "signed_up" }, steps: [exit("no")] }],
        else: [day, mail],
      },
    ],
    left: over,
  },
  "in a variant of a split": {
    steps: (mail) => {
      const steps = [day];
      return [
        {
          id: "ab",
          type: "split",
          variants: ["a", "b"].map((id) => ({
            id,
            weight: 1,
            steps: steps.map((step) => ({ ...step, id: `${id}-1` })),
          })),
        },
        mail,
      ];
    },
    left: over,
  },
  "behind what it set": {
    steps: (mail) => [{ id: "tag", type: "update_profile", set: { tagged: true } }, day, mail],
    left: over,
  },
  "at an email that could not leave": { steps: (mail) => [mail], left: () => world.letTimePass() },
};
const begin = async (kind: Kind, name: string) => {
  const steps = (id: string, ...more: object[]) => [...kind.steps(emailStep("mail", id)), ...more];
  world = await makeWorld({ definition: (id) => ({ ...base, exit_when: [{ event: "deleted" }], steps: steps(id) }) });
  await world.enroll([ada]);
  if (name === "at an email that could not leave") world.fake.answerNext(refused);
  if (name !== "before its first step") await world.pass();
  expect(world.fake.outbox).toEqual([]);
  return { id: world.automation.id, actor: actorOf(world), steps };
};

test.each(Object.entries(kinds))(
  "%s, it stands still through a pause while time goes on, and goes on after it",
  async (name, kind) => {
    const { actor, id } = await begin(kind, name);
    await pauseAutomation(actor, { id, queued: "hold" });
    await kind.left();
    await world.letTimePass();
    await world.pass();
    expect(world.fake.outbox).toEqual([]);
    expect((await world.runs()).map(({ status, dueAt }) => [status, dueAt])).toEqual([["active", null]]);
    await resumeAutomation(actor, { id, overdue: "send" });
    await world.pass();
    expect(world.fake.outbox).toHaveLength(1);
    expect((await ends(world))[0]).toContain("completed");
  },
);

test.each(Object.entries(kinds))(
  "%s, an event ends it, paused or not, and its email does not leave",
  async (name, kind) => {
    const { actor, id } = await begin(kind, name);
    await pauseAutomation(actor, { id, queued: "hold" });
    await happen(world, "deleted");
    await world.pass();
    expect((await ends(world))[0]).toContain("exited exit_event");
    expect((await world.sends()).map(({ status }) => status)).not.toContain("queued");
    await kind.left();
    await resumeAutomation(actor, { id, overdue: "send" });
    await world.letTimePass();
    await world.pass();
    expect(world.fake.outbox).toEqual([]);
    expect((await world.sends()).map(({ status }) => status)).not.toContain("queued");
  },
);

test.each(Object.entries(kinds))("%s, it can be moved to a version that goes on longer", async (name, kind) => {
  const { actor, id, steps } = await begin(kind, name);
  const longer = steps(world.connection.id, emailStep("more", world.connection.id));
  const definition = { ...base, exit_when: [{ event: "deleted" }], steps: longer };
  await updateAutomation(actor, updateAutomationInput.parse({ id, name: "A", ...definition }));
  await publishAutomation(actor, { id, in_flight: "move" });
  await kind.left();
  await world.letTimePass();
  await world.pass();
  expect((await world.sends()).map(({ stepId, status }) => `${stepId} ${status}`).sort()).toEqual([
    "mail sent",
    "more sent",
  ]);
  expect((await ends(world))[0]).toContain("completed more");
});
