import "server-only";
import { callFacts, noteSenders, recordCall } from "../connections";
import type { CallOutcome } from "../connections/schema";
import { db, retryTransient } from "../db";
import { env } from "../env";
import { log } from "../log";
import { wake } from "../wake";
import { named, type OpenedLane, openLane, reportLane } from "./lanes";
import { deliveryTimes, sendsPerClaim } from "./limits";
import type { Means } from "./means";
import { suppressionsOf, verdictsOf } from "./outcomes";
import { prepareBatch, putBack, type Ready } from "./prepare";
import { type Outcome, saveAll } from "./save";
import type { AttemptRecord, Batch, DueLane, LaneNews, Verdict } from "./schema";
import { laneNewsOf } from "./settle";
import { endTrial } from "./store-lanes";
import { loadLetters } from "./store-letters";
import { tenantOf } from "./store-runs";
import { claimBatch, confirmSends, reopenBatch } from "./store-sends";

/** `full`: there may be more. `sent` and `failed` count what was settled so. `answered`: no call made its lane rest. */
export type Delivered = { claimed: number; full: boolean; sent: number; failed: number; answered: boolean };

/**
 * Hands one batch of a lane's due sends to its provider: claim (the attempts are on disk) → load everything now → decide and render
 * → confirm that it may still leave → call → save. The plug may be pulled at any await, which is why each has a step before it: what
 * is claimed and not saved is found by its lapsed lease and looked up.
 */
export async function deliverBatch(lane: DueLane, means: Means): Promise<Delivered> {
  const delivered: Delivered = { claimed: 0, full: false, sent: 0, failed: 0, answered: true };
  const opened = await openLane(lane, means);
  if (opened === null) return { ...delivered, answered: false };
  const limit = Math.min(sendsPerClaim, opened.connector.messagesMax);
  const { serverId } = opened.connection;
  await means.step("claim");
  const batch = await claimBatch(db, lane, { serverId, limit, ...times() });
  if (batch === null) return delivered;
  delivered.claimed = batch.sends.length;
  delivered.full = batch.sends.length === limit;
  const trip = { opened: { ...opened, lane: batch.lane }, means, delivered, reported: false };
  const ready = await prepare(batch, trip);
  if (ready.length > 0) await carry(batch, ready, trip);
  if (batch.trial && !trip.reported) await endFruitlessTrial(batch, means);
  // A place among its calls is free again: whoever waits for one elsewhere looks now.
  if (batch.limited) wake();
  return delivered;
}

const times = () => deliveryTimes(env().providerTimeoutMs);

/** `reported`: a call was made that says something about its lane, and it is told. */
type Trip = { opened: OpenedLane; means: Means; delivered: Delivered; reported: boolean };

/** Should it fail, the next one waits until the lease has ended. */
async function endFruitlessTrial(batch: Batch, means: Means): Promise<void> {
  try {
    await means.step("end trial");
    await endTrial(db, batch.lane);
  } catch (thrown) {
    log.error("a trial without a call could not be ended", thrown, named(batch.lane));
  }
}

/** Loads, decides, renders, and saves what does not leave. Until here nobody was called, so a throw puts everything back. */
async function prepare(batch: Batch, { opened, means, delivered }: Trip): Promise<Ready[]> {
  try {
    await means.step("load");
    const letters = await loadLetters(db, tenantOf(batch.lane), { batch, connection: opened.connection });
    await means.step("prepare");
    const { ready, verdicts } = await prepareBatch(batch, letters, opened);
    await saveAll(batch, { verdicts }, means);
    count(delivered, verdicts);
    return ready;
  } catch (thrown) {
    log.error("a batch could not be prepared; it is put back", thrown, named(batch.lane));
    const dueAt = new Date(batch.now().getTime() + 5_000);
    await saveAll(batch, { verdicts: batch.sends.map((claimed) => putBack(claimed, dueAt)) }, means);
    return [];
  }
}

/** Calls the provider and saves what it said. A call refused for something in it is repeated in halves until the bad one stands alone. */
async function carry(batch: Batch, ready: readonly Ready[], trip: Trip): Promise<void> {
  const { opened, means, delivered } = trip;
  const items = await confirm(batch, ready, trip);
  if (items.length === 0) return;
  const { call, ms } = await callOut(batch, items, trip);
  if (call.kind === "not_sent" && call.late) return putAllBack(batch, items, means);
  const news = laneNewsOf(call);
  delivered.answered &&= news.kind !== "rest";
  trip.reported ||= news.kind !== "nothing";
  await report(opened, news, means);
  const halve = call.kind === "call_refused" && call.about === "message" && items.length > 1;
  const outcome = halve ? { verdicts: [], attempts: refusedAttempts(call, items) } : settled(batch, call, items, trip);
  await saveAll(batch, outcome, means);
  count(delivered, outcome.verdicts);
  const { connectionId } = batch.lane;
  await means.step("record call");
  await recordCall(db, tenantOf(batch.lane), { connectionId, ms, ...callFacts(call, items.length) });
  const from = items.map(({ fromEmail }) => fromEmail);
  await means.step("note senders");
  await noteSenders(db, tenantOf(batch.lane), opened.connection, { call, from });
  if (halve) await carryHalves(batch, items, trip);
}

/** This process was too slow, or frozen: the provider was not asked, so it is not to be spared, and no try has been used up. */
function putAllBack(batch: Batch, items: readonly Ready[], means: Means): Promise<void> {
  const dueAt = new Date(batch.now().getTime() + 1_000);
  const verdicts = items.map(({ carried }) => putBack({ id: carried.sendId, number: carried.number }, dueAt));
  return saveAll(batch, { verdicts }, means);
}

function settled(batch: Batch, call: CallOutcome, items: readonly Ready[], { opened, means }: Trip): Outcome {
  const circumstances = { now: batch.now(), chance: means.chance, searchLagMs: env().providerSearchLagMs };
  return {
    verdicts: verdictsOf(call, items, { ...circumstances, held: Boolean(opened.lane.hold) }),
    suppressions: suppressionsOf(call, items, batch),
  };
}

/** A refusal is a fact about each attempt, although the sends go on. */
const refusedAttempts = ({ code, message }: { code: number | null; message: string }, items: readonly Ready[]) =>
  items.map(
    ({ carried: { sendId, number } }): AttemptRecord => ({ sendId, number, outcome: "refused", code, detail: message }),
  );

/**
 * The last look before the call: what was stopped since it was claimed goes back, what is somebody else's by now is left to them, with
 * the fact that this attempt carried nothing. Nothing begins to leave after whoever stopped it has been told so.
 */
async function confirm(batch: Batch, ready: readonly Ready[], { opened, means }: Trip): Promise<Ready[]> {
  const sends = ready.map(({ carried }) => ({ id: carried.sendId, number: carried.number }));
  const { serverId } = opened.connection;
  const notAtAll = (thrown: unknown) => {
    log.error("a batch could not be confirmed; it is put back", thrown, named(batch.lane));
    return new Map(sends.map(({ id }) => [id, false]));
  };
  await means.step("confirm");
  const may = await confirmSends(db, batch, { serverId, sends }).catch(notAtAll);
  const inTime = batch.remainingMs() > 0;
  const leaves = ({ id }: { id: string }) => inTime && may.get(id) === true;
  const stays = sends.filter((send) => !leaves(send));
  const outcome = {
    verdicts: stays.filter(({ id }) => may.has(id)).map((send) => putBack(send, batch.now())),
    attempts: stays
      .filter(({ id }) => !may.has(id))
      .map(({ id, number }) => ({ sendId: id, number, outcome: "not_sent" as const, detail: "it was taken over" })),
  };
  await saveAll(batch, outcome, means);
  return ready.filter(({ carried }) => leaves({ id: carried.sendId }));
}

/**
 * Before the outcome is saved, so that what is put back does not leave again at once. What was sent is worth more than that: should
 * it fail, the outcome is saved all the same.
 */
async function report(opened: OpenedLane, news: LaneNews, means: Means): Promise<void> {
  try {
    await means.step("report lane");
    await retryTransient(() => reportLane(opened, news, means));
  } catch (thrown) {
    log.error("what a call said about its lane could not be saved", thrown, named(opened.lane));
  }
}

async function carryHalves(batch: Batch, items: readonly Ready[], trip: Trip): Promise<void> {
  const middle = Math.ceil(items.length / 2);
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    const sendIds = half.map(({ carried }) => carried.sendId);
    await trip.means.step("reopen");
    const reopened = await reopenBatch(db, batch, { sendIds, ...times() });
    if (reopened === null) continue; // the lease ended meanwhile: whoever took them over knows that this call was refused
    const numbers = new Map(reopened.sends.map(({ id, number }) => [id, number]));
    const again = half.flatMap(({ carried, message, ...rest }): Ready[] => {
      const number = numbers.get(carried.sendId);
      if (number === undefined) return [];
      return [{ ...rest, carried: { ...carried, number }, message: { ...message, batchId: reopened.batchId } }];
    });
    await carry(reopened, again, trip);
  }
}

/** One call. A connector never throws for what the provider does; should it throw all the same, nobody knows what was sent. */
async function callOut(
  batch: Batch,
  items: readonly Ready[],
  { opened: { connector }, means }: Trip,
): Promise<{ call: CallOutcome; ms: number }> {
  const beganMs = performance.now();
  const ms = () => performance.now() - beganMs;
  try {
    const messages = items.map(({ message }) => message);
    const { stream } = batch.lane;
    await means.step("call");
    const call = await connector.send(messages, { stream, startWithinMs: batch.remainingMs() });
    return { call, ms: ms() };
  } catch (thrown) {
    log.error("a connector threw", thrown, named(batch.lane));
    return { call: { kind: "unknown", cause: "the connector failed" }, ms: ms() };
  }
}

function count(delivered: Delivered, verdicts: readonly Verdict[]): void {
  for (const { settlement } of verdicts) {
    if (settlement.status === "sent") delivered.sent += 1;
    if (settlement.status === "failed") delivered.failed += 1;
  }
}
