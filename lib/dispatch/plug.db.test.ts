import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { db } from "../db";
import { env } from "../env";
import { resetBefore } from "../testing/fake-connector";
import { dispatch } from "./index";
import { makeWorld, people, quiesce } from "./testing/world";

// The first pass of a process reads and compiles a lot; the passes that die here have a second and a half.
beforeAll(async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  await world.pass();
});
afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;

/** Runs passes, with all the time in the world between them, until every send is settled. */
async function recover(world: World) {
  for (let passes = 0; passes < 12; passes += 1) {
    await world.ageAttempts(env().providerTimeoutMs + env().providerSearchLagMs + 60_000);
    if (passes === 6)
      await db.sql(
        "update send_lanes set probe_sent_at = probe_sent_at - interval '11 minutes' where workspace_id = $1",
        [world.workspaceId],
      );
    await world.pass();
    const open = (await world.sends()).filter(({ status }) => !["sent", "failed"].includes(status));
    if (passes > 0 && open.length === 0) return;
  }
}

/** A pass that stops dead at a step, as if its process had been killed there. */
async function dieAt(world: World, step: string): Promise<boolean> {
  let died = false;
  await dispatch({
    ...world.means,
    budgetMs: 1_500,
    kind: "worker",
    step: (name) => {
      if (name !== step) return;
      died = true;
      return new Promise(() => undefined);
    },
  });
  return died;
}

const accepted = (world: World) =>
  world.fake.outbox
    .filter(({ to }) => to !== world.fake.blackHole)
    .map(({ to }) => to)
    .sort();
const everyone = people(5).map(({ email }) => email);

const whileDelivering = ["open", "claim", "load", "prepare", "save what stays", "call", "report lane", "save", "saved"];
test.each(whileDelivering)("pulling the plug at “%s” loses nothing and sends nothing twice", async (step) => {
  const world = await makeWorld();
  await world.enroll(people(5));
  expect(await dieAt(world, step)).toBe(true);
  await recover(world);
  expect(accepted(world)).toEqual(everyone);
  expect((await world.runs()).map(({ status }) => status)).toEqual(Array(5).fill("completed"));
});

const whileHalving = ["save refusal", "reopen"];
test.each(whileHalving)(
  "pulling the plug at “%s”, with one bad message among good ones, sends the good ones once",
  async (step) => {
    const world = await makeWorld();
    world.fake.always = ({ messages, stream }, fake) =>
      messages.some(({ to }) => to === everyone[2])
        ? { kind: "call_refused", about: "message", code: 402, message: "Invalid JSON" }
        : { kind: "answered", outcomes: fake.accept(messages, stream) };
    await world.enroll(people(5));
    expect(await dieAt(world, step)).toBe(true);
    await recover(world);
    expect(accepted(world)).toEqual(everyone.filter((_, index) => index !== 2));
    expect((await world.sends()).map(({ status }) => status).sort()).toEqual([
      "failed",
      "sent",
      "sent",
      "sent",
      "sent",
    ]);
  },
);

const whileLookingUp = [
  "claim unsettled",
  "open for search",
  "find",
  "witness",
  "open probe",
  "probe",
  "save judgements",
];
test.each(whileLookingUp)("pulling the plug at “%s” while looking up sends nothing twice", async (step) => {
  const world = await makeWorld();
  world.fake.answerNext(({ messages, stream }, fake) => {
    fake.accept(messages.slice(0, 2), stream);
    return { kind: "unknown", cause: "reset" };
  });
  await world.enroll(people(5));
  await world.pass();
  await world.ageAttempts(env().providerTimeoutMs + env().providerSearchLagMs + 60_000);
  expect(await dieAt(world, step)).toBe(true);
  await recover(world);
  expect(accepted(world)).toEqual(everyone);
});

test("an answer that comes after the lease has lapsed is kept as a fact", async () => {
  const world = await makeWorld();
  let answer: () => void = () => undefined;
  world.fake.answerNext(
    ({ messages, stream }, fake) =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: "answered", outcomes: fake.accept(messages, stream) });
      }),
  );
  await world.enroll(people(2));
  const slow = world.pass();
  await vi.waitFor(() => expect(world.fake.calls).toHaveLength(1), { timeout: 10_000 });
  // Another process finds them lapsed, and cannot find them.
  await world.letTimePass();
  await world.pass();
  expect((await world.sends()).map(({ status }) => status)).toEqual(["unknown", "unknown"]);
  answer();
  await slow;
  expect((await world.sends()).map(({ status }) => status)).toEqual(["sent", "sent"]);
});

test("a decision that comes after the lease has lapsed is lost, and said", async () => {
  const world = await makeWorld();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  let answer: () => void = () => undefined;
  world.fake.answerNext(
    () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null });
      }),
  );
  await world.enroll(people(1));
  const slow = world.pass();
  await vi.waitFor(() => expect(world.fake.calls).toHaveLength(1), { timeout: 10_000 });
  await world.letTimePass();
  await world.pass();
  answer();
  await slow;
  expect((await world.sends())[0]?.status).toBe("unknown");
  expect(warned).toHaveBeenCalledOnce();
  // The fact that it never left was kept for the attempt, so the next look needs no search.
  expect((await world.attempts())[0]?.outcome).toBe("not_sent");
  await world.letTimePass();
  await world.pass();
  expect((await world.sends())[0]?.status).toBe("sent");
});

test("a cut before the provider took anything ends in exactly one email", async () => {
  const world = await makeWorld();
  world.fake.answerNext(resetBefore);
  await world.enroll(people(5));
  await world.pass();
  await recover(world);
  expect(accepted(world)).toEqual(everyone);
});
