import { readFileSync } from "node:fs";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import { env } from "../env";
import { type FakeAnswer, resetBefore } from "../testing/fake-connector";
import { advanceWorkspace } from "./advance";
import { deliverBatch } from "./deliver";
import { reconcileLane } from "./reconcile";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
type Step = (name: string) => void | Promise<void>;

const everyone = people(5).map(({ email }) => email);
const laneOf = ({ workspaceId, connection }: World) => ({
  workspaceId,
  connectionId: connection.id,
  stream: "broadcast",
  failures: 0,
});
const deliver = (world: World, step: Step) => deliverBatch(laneOf(world), { ...world.means, step });
const lookUp = (world: World, step: Step) => reconcileLane(laneOf(world), { ...world.means, step });
const longAgo = (world: World) => world.ageAttempts(env().providerTimeoutMs + env().providerSearchLagMs + 60_000);

/** People whose emails are queued, nothing delivered. */
async function queued(over: Parameters<typeof makeWorld>[0] = {}): Promise<World> {
  const world = await makeWorld(over);
  await world.enroll(people(5));
  await advanceWorkspace(world.workspaceId, world.means);
  return world;
}

/** Emails whose answer was lost after the provider took two of them. */
async function unanswered(): Promise<World> {
  const world = await queued();
  world.fake.answerNext(({ messages, stream }, fake) => {
    fake.accept(messages.slice(0, 2), stream);
    return { kind: "unknown", cause: "reset" };
  });
  await deliver(world, () => undefined);
  await longAgo(world);
  return world;
}

const bad = everyone[2] ?? "";
const choke: FakeAnswer = ({ messages, stream }, fake) =>
  messages.some(({ to }) => to === bad)
    ? { kind: "call_refused", about: "message", code: 402, message: "Invalid JSON" }
    : { kind: "answered", outcomes: fake.accept(messages, stream) };
const notTo =
  (kind: "inactive" | "refused"): FakeAnswer =>
  ({ messages, stream }, fake) => ({
    kind: "answered",
    outcomes: messages.flatMap((message) =>
      message.to === bad ? { kind, code: 406, message: "no" } : fake.accept([message], stream),
    ),
  });
const shut = (about: "credentials" | "account" | "stream"): FakeAnswer => ({
  kind: "call_refused",
  about,
  code: 10,
  message: "no",
});

type Scene = { make: () => Promise<World>; act: (world: World, step: Step) => Promise<unknown>; lacking?: string };

async function with_(answer: FakeAnswer, how: "next" | "always"): Promise<World> {
  const world = await queued();
  if (how === "next") world.fake.answerNext(answer);
  else world.fake.always = answer;
  return world;
}

/** Everything that may be under way when the plug is pulled. `lacking`: who is not written to in the end. */
const scenes: [string, Scene][] = [
  ["a batch is delivered", { make: queued, act: deliver }],
  [
    "a batch is delivered on a server that was never read",
    { make: () => queued({ connection: { serverId: null, serverName: null } }), act: deliver },
  ],
  ["a batch is halved around a bad message", { make: () => with_(choke, "always"), act: deliver, lacking: bad }],
  ["an address is inactive", { make: () => with_(notTo("inactive"), "always"), act: deliver, lacking: bad }],
  ["a token is refused", { make: () => with_(shut("credentials"), "next"), act: deliver }],
  ["a stream is refused", { make: () => with_(shut("stream"), "next"), act: deliver }],
  [
    "a lane that was refused is well again",
    {
      make: async () => {
        const world = await with_(shut("account"), "next");
        await deliver(world, () => undefined);
        await world.letTimePass();
        return world;
      },
      act: deliver,
    },
  ],
  [
    "the provider asks for a pause",
    {
      make: () => with_({ kind: "not_sent", cause: "429", rateLimited: true, retryAfterMs: null }, "next"),
      act: deliver,
    },
  ],
  ["an answer is lost", { make: () => with_(resetBefore, "next"), act: deliver }],
  ["lost emails are looked up", { make: unanswered, act: lookUp }],
  [
    "lost emails are looked up without a sender address",
    {
      make: async () => {
        const world = await unanswered();
        await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { fromEmail: null } });
        return world;
      },
      act: async (world, step) => {
        await lookUp(world, step);
        await db.prisma.connection.updateMany({
          where: { id: world.connection.id },
          data: { fromEmail: "a@example.com" },
        });
      },
    },
  ],
  [
    "a search refuses the token",
    {
      make: async () => {
        const world = await unanswered();
        world.fake.findAnswer = { kind: "cannot_know", cause: "no", aboutCredentials: true };
        return world;
      },
      act: lookUp,
    },
  ],
];

/** Of all scenes. */
const met = new Set<string>();

test.each(scenes)(
  "while %s, the plug may be pulled at any await: nothing is lost, nothing sent twice",
  {
    timeout: 240_000,
  },
  async (_, { make, act, lacking }) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined); // connections and lanes are refused here, and say so
    const steps = await stepsOf(await make(), act);
    const worlds: World[] = [];
    for (const [index, step] of steps.entries()) {
      // Of a step that comes again and again, the first and the last are enough.
      if (steps.indexOf(step) !== index && steps.lastIndexOf(step) !== index) continue;
      const world = await make();
      await dieAt(world, act, index);
      worlds.push(world);
    }
    await recover(worlds);
    const wanted = everyone.filter((email) => email !== lacking);
    for (const world of worlds) {
      expect(accepted(world)).toEqual(wanted);
      expect((await world.runs()).map(({ status }) => status)).toEqual(Array(5).fill("completed"));
    }
  },
);

/** Said by no scene: a database that fails, a token that cannot be read, and a trial of an open breaker, have tests of their own. */
const elsewhere = ["wait to save again", "hold what is sealed shut", "end trial"];

afterAll(() => {
  const named = ["deliver.ts", "reconcile.ts", "save.ts", "lanes.ts"].flatMap((file) => {
    const text = readFileSync(new URL(file, import.meta.url), "utf8");
    return [...text.matchAll(/\bstep\("([^"]+)"\)/g)].map(([, name = ""]) => name);
  });
  expect(named.filter((name) => !met.has(name) && !elsewhere.includes(name))).toEqual([]);
});

/** What a scene goes through when nothing happens to it. */
async function stepsOf(world: World, act: Scene["act"]): Promise<string[]> {
  const steps: string[] = [];
  await act(world, (name) => {
    steps.push(name);
    met.add(name);
  });
  expect(steps.length).toBeGreaterThan(4);
  await quiesce();
  return steps;
}

/** Stops dead at a step, as if its process had been killed there. */
async function dieAt(world: World, act: Scene["act"], index: number): Promise<void> {
  let steps = 0;
  await new Promise<void>((died, failed) => {
    const step = () => {
      steps += 1;
      if (steps <= index) return;
      died();
      return new Promise<void>(() => undefined);
    };
    // Where the bad message stands among the others is chance, so the way there may be shorter: then it died at the end.
    act(world, step).then(() => died(), failed);
  });
}

/** Passes, with all the time in the world between them, until every send is settled. */
async function recover(worlds: readonly World[]): Promise<void> {
  const [first] = worlds;
  if (first === undefined) throw new Error("nobody died");
  for (const { fake } of worlds) fake.findAnswer = undefined;
  for (let passes = 0; passes < 12; passes += 1) {
    // Whatever was refused is mended, also what is refused only now.
    await db.prisma.connection.updateMany({ data: { status: "ready", fromEmail: "hello@example.com" } });
    for (const world of worlds) await longAgo(world);
    await db.sql("update send_lanes set probe_sent_at = probe_sent_at - interval '11 minutes'");
    await first.pass();
    const open = await Promise.all(worlds.map((world) => world.sends()));
    if (open.flat().every(({ status }) => ["sent", "failed", "skipped"].includes(status))) break;
  }
  await first.pass();
}

const accepted = ({ fake }: World) =>
  fake.outbox
    .filter(({ to }) => to !== fake.blackHole)
    .map(({ to }) => to)
    .sort();

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
