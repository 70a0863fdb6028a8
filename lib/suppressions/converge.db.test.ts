import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../errors";
import type { Sandbox } from "../sandbox";
import { startSandbox } from "../sandbox";
import { collectHooks, makePlace, type Place } from "./testing/place";

let sandbox: Sandbox;
let hooks: Awaited<ReturnType<typeof collectHooks>>;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 4 });
  hooks = await collectHooks();
});
afterAll(async () => {
  await sandbox.close();
  await hooks.close();
});

const people = ["ana@example.com", "ben@example.com", "Cleo@example.com"] as const;
const email = fc.constantFrom(...people).map((one) => one.toLowerCase());
const stream = fc.constantFrom("broadcast", "outbound");
const step = fc.oneof(
  fc.record({ does: fc.constant("add here" as const), email, stream: fc.option(stream, { nil: undefined }) }),
  fc.record({ does: fc.constant("lift here" as const), email, stream: fc.option(stream, { nil: undefined }) }),
  fc.record({
    does: fc.constant("add there" as const),
    email,
    stream,
    why: fc.constantFrom(
      { reason: "HardBounce", origin: "Recipient" } as const,
      { reason: "SpamComplaint", origin: "Recipient" } as const,
      { reason: "ManualSuppression", origin: "Recipient" } as const,
      { reason: "ManualSuppression", origin: "Customer" } as const,
    ),
  }),
  fc.record({ does: fc.constant("remove there" as const), email, stream }),
  fc.record({ does: fc.constantFrom("deliver" as const, "deliver and keep" as const, "lose" as const), at: fc.nat(7) }),
  fc.record({ does: fc.constantFrom("sync" as const, "fail from now on" as const, "work again" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What must hold at each moment, kept beside the product by the plainest rules. */
class Model {
  /** By hand, for the workspace: only a person here lifts it. */
  readonly byHand = new Set<string>();
  /** On a list there, told to us, and lifted by nobody since. */
  readonly told = new Set<string>();
  /** Webhooks that wait: delivered later, twice, in any order, or never. */
  waiting: string[] = [];
  private readonly liftedAt = new Map<string, number>();
  private seen = 0;

  constructor(readonly place: Place) {}

  async collect(): Promise<void> {
    await this.place.server.idle();
    const all = hooks.of(this.place.name);
    this.waiting.push(...all.slice(this.seen));
    this.seen = all.length;
  }

  forget(address: string, where: readonly string[] = this.place.streams): void {
    for (const one of where) this.told.delete(`${one} ${address}`);
  }

  noteLists(): void {
    for (const one of this.place.streams)
      for (const address of this.place.there(one)) this.told.add(`${one} ${address}`);
  }

  noteLift(address: string): void {
    this.liftedAt.set(address, Date.now());
  }

  /** A webhook of what still stands there. Its times are whole seconds: within the one of a lifting here it need not count as newer. */
  noteDelivery(text: string): void {
    const { Recipient: address, MessageStream: one, SuppressSending: active, ChangedAt: at } = JSON.parse(text);
    const still = this.place.server.suppressions(one).some((entry) => entry.email === address);
    if (active && still && Date.parse(at) > (this.liftedAt.get(address) ?? 0)) this.told.add(`${one} ${address}`);
  }

  async check(): Promise<void> {
    for (const one of this.place.streams)
      for (const address of people.map((name) => name.toLowerCase()))
        if (this.byHand.has(address) || this.told.has(`${one} ${address}`))
          expect([address, one, await this.place.held(address, one)]).not.toContain(null);
  }
}

async function take(model: Model, given: Step): Promise<void> {
  const { place } = model;
  switch (given.does) {
    case "add here":
      await place.add(given.email, given.stream);
      if (!given.stream) model.byHand.add(given.email);
      break;
    case "lift here":
      await liftHere(model, given.email, given.stream);
      break;
    case "add there":
      place.server.addSuppression({ stream: given.stream, email: given.email, ...given.why });
      break;
    case "remove there":
      model.forget(given.email, [given.stream]);
      await place.removeThere(given.email, given.stream);
      break;
    case "sync":
      await place.sync();
      break;
    case "fail from now on":
      place.server.addFault({ action: "status", status: 503, path: "*suppressions*", probability: 0.5 });
      break;
    case "work again":
      place.server.clearFaults();
      break;
    default:
      await deliver(model, given);
  }
  await model.collect();
}

/** Refused when the provider is known to keep it; then everything stays as it was. */
async function liftHere(model: Model, address: string, where: string | undefined): Promise<void> {
  try {
    await model.place.lift(address, where);
    if (!where) model.byHand.delete(address);
    model.forget(address);
    model.noteLift(address);
  } catch (thrown) {
    if (!(thrown instanceof AppError && (thrown.code === "conflict" || thrown.code === "not_found"))) throw thrown;
  }
}

async function deliver(model: Model, given: Extract<Step, { at: number }>): Promise<void> {
  const index = given.at % Math.max(model.waiting.length, 1);
  const text = model.waiting[index];
  if (text === undefined) return;
  if (given.does !== "lose") {
    await model.place.deliver(text);
    model.noteDelivery(text);
  }
  if (given.does !== "deliver and keep") model.waiting.splice(index, 1);
}

test("however changes on both sides, webhooks, failures and readings interleave, nobody who is known to be suppressed is let through, and both sides end alike", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), fc.boolean(), async (steps, heard) => {
      const place = await makePlace(sandbox, { hookUrl: hooks.url });
      const model = new Model(place);
      await place.sync();
      for (const one of steps) {
        await take(model, one);
        await model.check();
      }
      // Else what still waits is lost, and only the readings tell.
      for (const text of heard ? model.waiting : []) await place.deliver(text);
      place.server.clearFaults();
      for (let round = 0; round < 3; round += 1) await place.sync();
      model.noteLists();
      await model.check();
      await expectAlike(place, model);
    }),
    { numRuns: Number(process.env.GFLUX_CONVERGE_RUNS ?? 15) },
  );
}, 120_000);

test("what was put on a list for one stream comes back by webhook as no second suppression of the whole workspace", async () => {
  const place = await makePlace(sandbox, { hookUrl: hooks.url });
  await place.sync();
  await place.add("one@example.com", "outbound");
  await place.server.idle();
  const told = hooks.of(place.name);
  expect(told.length).toBe(1);
  for (const text of told) await place.deliver(text);
  expect([await place.held("one@example.com", "outbound"), await place.held("one@example.com")]).toEqual([
    "manual",
    null,
  ]);
  expect((await place.list()).length).toBe(1);
});

async function expectAlike(place: Place, model: Model): Promise<void> {
  const lists = Object.fromEntries(place.streams.map((one) => [one, place.server.suppressions(one)]));
  for (const one of place.streams)
    for (const address of people.map((name) => name.toLowerCase())) {
      const entries = Object.values(lists)
        .flat()
        .filter((entry) => entry.email === address);
      const mine = lists[one]?.find((entry) => entry.email === address);
      if (model.byHand.has(address)) expect([address, one, mine]).not.toContain(undefined);
      // Nothing holds here that stands on no list there.
      if (entries.length === 0) expect([address, one, await place.held(address, one)]).toEqual([address, one, null]);
      // An unsubscribe holds for its own stream alone.
      const left = entries.every(({ reason, origin }) => reason === "ManualSuppression" && origin === "Recipient");
      if (left && !mine) expect([address, one, await place.held(address, one)]).toEqual([address, one, null]);
    }
  for (const state of await place.states())
    expect(state).toMatchObject({ missing_here: 0, missing_there: 0, pending_pushes: 0, error: null });
}
