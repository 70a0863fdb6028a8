import "server-only";
import type { CallOutcome } from "../connections/schema";
import { db, retryTransient } from "../db";
import { env } from "../env";
import { log } from "../log";
import type { SuppressionChange } from "../suppressions/schema";
import { named, type OpenedLane, openLane, reportLane } from "./lanes";
import { deliveryTimes, sendsPerClaim } from "./limits";
import type { Means } from "./means";
import { prepareBatch, putBack, type Ready } from "./prepare";
import { saveAll } from "./save";
import type { Batch, DueLane, Verdict } from "./schema";
import { laneNewsOf, settle, settleNotSent, settleRefusedCall, settleUnknown } from "./settle";
import { loadLetters } from "./store-letters";
import { tenantOf } from "./store-runs";
import { claimBatch, reopenBatch } from "./store-sends";

/** `full`: there may be more. `sent` and `failed` count what was settled so. */
export type Delivered = { claimed: number; full: boolean; sent: number; failed: number };

/**
 * Hands one batch of a lane's due sends to its provider: claim (the attempts are on disk) → load everything now → decide and render
 * → call → save. The plug may be pulled at any await: what is claimed and not saved is found by its lapsed lease and looked up.
 */
export async function deliverBatch(lane: DueLane, means: Means): Promise<Delivered> {
  const delivered: Delivered = { claimed: 0, full: false, sent: 0, failed: 0 };
  await means.step("open");
  const opened = await openLane(lane, means);
  if (opened === null) return delivered;
  await means.step("claim");
  const limit = Math.min(sendsPerClaim, opened.connector.messagesMax);
  const { serverId } = opened.connection;
  const batch = await claimBatch(db, lane, { serverId, limit, ...times() });
  if (batch === null) return delivered;
  delivered.claimed = batch.sends.length;
  delivered.full = batch.sends.length === limit;
  const trip = { opened: { ...opened, lane: batch.lane }, means, delivered };
  const ready = await prepare(batch, trip);
  if (ready.length > 0) await carry(batch, ready, trip);
  return delivered;
}

const times = () => deliveryTimes(env().providerTimeoutMs);

type Trip = { opened: OpenedLane; means: Means; delivered: Delivered };

/** Loads, decides, renders, and saves what does not leave. Until here nobody was called, so a throw puts everything back. */
async function prepare(batch: Batch, { opened, means, delivered }: Trip): Promise<Ready[]> {
  try {
    await means.step("load");
    const letters = await loadLetters(db, tenantOf(batch.lane), { batch, connection: opened.connection });
    await means.step("prepare");
    const { ready, verdicts } = await prepareBatch(batch, letters, opened);
    await means.step("save what stays");
    await saveAll(batch, verdicts);
    count(delivered, verdicts);
    return ready;
  } catch (thrown) {
    log.error("a batch could not be prepared; it is put back", thrown, named(batch.lane));
    const dueAt = new Date(batch.now().getTime() + 5_000);
    await saveAll(
      batch,
      batch.sends.map((claimed) => putBack(claimed, dueAt)),
    );
    return [];
  }
}

/** Calls the provider and saves what it said. A call refused for something in it is repeated in halves until the bad one stands alone. */
async function carry(batch: Batch, items: readonly Ready[], trip: Trip): Promise<void> {
  const { opened, means, delivered } = trip;
  await means.step("call");
  const remainingMs = batch.remainingMs();
  if (remainingMs <= 0) {
    const late = items.map(({ carried }) => putBack({ id: carried.sendId, number: carried.number }, batch.now()));
    return saveAll(batch, late);
  }
  const call = await callOut(batch, items, { ...opened, startWithinMs: remainingMs });
  await means.step("report lane");
  await report(opened, call, means);
  if (call.kind === "call_refused" && call.about === "message" && items.length > 1) {
    await means.step("save refusal");
    const attempts = items.map(({ carried: { sendId, number } }) => {
      return { sendId, number, outcome: "refused" as const, code: call.code, detail: call.message };
    });
    await saveAll(batch, [], { attempts });
    return carryHalves(batch, items, trip);
  }
  const verdicts = verdictsOf(call, items, batch.now(), means.chance);
  await means.step("save");
  await saveAll(batch, verdicts, { suppressions: suppressionsOf(call, items, batch) });
  count(delivered, verdicts);
  await means.step("saved");
}

/**
 * Before the outcome is saved, so that what is put back does not leave again at once. What was sent is worth more than that: should
 * it fail, the outcome is saved all the same.
 */
async function report(opened: OpenedLane, call: CallOutcome, { chance }: Means): Promise<void> {
  try {
    await retryTransient(() => reportLane(opened, laneNewsOf(call), chance()));
  } catch (thrown) {
    log.error("what a call said about its lane could not be saved", thrown, named(opened.lane));
  }
}

async function carryHalves(batch: Batch, items: readonly Ready[], trip: Trip): Promise<void> {
  const middle = Math.ceil(items.length / 2);
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    await trip.means.step("reopen");
    const sendIds = half.map(({ carried }) => carried.sendId);
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
  { lane }: Batch,
  items: readonly Ready[],
  { connector, startWithinMs: within }: OpenedLane & { startWithinMs: number },
): Promise<CallOutcome> {
  try {
    const messages = items.map(({ message }) => message);
    return await connector.send(messages, { stream: lane.stream, startWithinMs: within });
  } catch (thrown) {
    log.error("a connector threw", thrown, named(lane));
    return { kind: "unknown", cause: "the connector failed" };
  }
}

/** Answers belong to messages by position, so only when their number is right. */
function verdictsOf(call: CallOutcome, items: readonly Ready[], now: Date, chance: () => number): Verdict[] {
  return items.map(({ carried, message, fromEmail }, index) => {
    const circumstances = { now, chance: chance(), searchLagMs: env().providerSearchLagMs };
    const verdict = (() => {
      switch (call.kind) {
        case "answered": {
          const outcome = call.outcomes.length === items.length ? call.outcomes[index] : undefined;
          const wrong = `${call.outcomes.length} answers to ${items.length} messages`;
          return settle(outcome ?? { kind: "unknown", cause: wrong }, carried, circumstances);
        }
        case "call_refused":
          return settleRefusedCall(call, carried, circumstances);
        case "not_sent":
          return settleNotSent(call, carried, circumstances);
        case "unknown":
          return settleUnknown(call.cause, carried, circumstances);
      }
    })();
    const { to: toEmail, subject } = message;
    return { ...verdict, settlement: { ...verdict.settlement, toEmail, fromEmail, subject } };
  });
}

/** The provider holds these addresses back on this stream; from now on so do we. Why it does is not said. */
function suppressionsOf(call: CallOutcome, items: readonly Ready[], { lane, now }: Batch): SuppressionChange[] {
  if (call.kind !== "answered" || call.outcomes.length !== items.length) return [];
  return items.flatMap(({ message }, index) =>
    call.outcomes[index]?.kind !== "inactive"
      ? []
      : {
          email: message.to.toLowerCase(),
          scope: "stream",
          connectionId: lane.connectionId,
          stream: lane.stream,
          active: true,
          reason: "manual",
          origin: "provider",
          changedAt: now(),
        },
  );
}

function count(delivered: Delivered, verdicts: readonly Verdict[]): void {
  for (const { settlement } of verdicts) {
    if (settlement.status === "sent") delivered.sent += 1;
    if (settlement.status === "failed") delivered.failed += 1;
  }
}
