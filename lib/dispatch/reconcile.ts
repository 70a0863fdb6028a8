import "server-only";
import type { FindOutcome } from "../connections/schema";
import { db } from "../db";
import { env } from "../env";
import { newId } from "../ids";
import { log } from "../log";
import { countsFromMs, type Judgement, judge, type Look, type OpenAttempt } from "./judge";
import { named, type OpenedLane, reportLane } from "./lanes";
import { deliveryTimes, findsBeginMs, findsPerClaim, lookUpLeaseMs, probeEveryMs, unsettledPerClaim } from "./limits";
import type { Means } from "./means";
import { saveAll } from "./save";
import type { DueLane } from "./schema";

import { tenantOf } from "./store-runs";
import { claimUnsettled, findWitness, openProbe, readProbe, type UnsettledClaim } from "./store-unsettled";

/** `settled`: sends whose outcome is known now, or that are surely not with the provider and were queued again. */
export type Reconciled = { claimed: number; full: boolean; settled: number };

/**
 * Looks up sends of a lane that were left `sending` or `unknown`: claim → ask the provider's search for each batch they were in → judge
 * → save. Nothing is sent again unless the search, while it demonstrably saw, did not show it twice.
 */
export async function reconcileLane(lane: DueLane, means: Means): Promise<Reconciled> {
  await means.step("claim unsettled");
  const claim = await claimUnsettled(db, lane, { limit: unsettledPerClaim, leaseMs: lookUpLeaseMs });
  if (claim === null) return { claimed: 0, full: false, settled: 0 };
  const looks = await lookUp(claim, lane, means);
  const { providerTimeoutMs, searchLagMs } = lags();
  const judgements = claim.sends.map((send) =>
    judge(send, looks, { at: claim.at, providerTimeoutMs, searchLagMs, chance: means.chance() }),
  );
  await means.step("save judgements");
  await saveAll(claim, judgements, { attempts: judgements.flatMap(({ attempts }) => attempts) });
  return {
    claimed: claim.sends.length,
    full: claim.sends.length >= unsettledPerClaim,
    settled: judgements.filter(isSettled).length,
  };
}

const isSettled = ({ settlement }: Judgement) => settlement.status !== "unknown";
const lags = () => ({ providerTimeoutMs: env().providerTimeoutMs, searchLagMs: env().providerSearchLagMs });

type Search = {
  claim: UnsettledClaim;
  opened: OpenedLane;
  means: Means;
  ask: (batchId: string, since: Date) => Promise<Asked>;
};
type Asked = FindOutcome | { kind: "not_asked" };

/** What the search says of each batch, by its id. */
async function lookUp(claim: UnsettledClaim, lane: DueLane, means: Means): Promise<Map<string, Look>> {
  const batches = new Map<string, OpenAttempt>();
  for (const attempt of claim.sends.flatMap(({ open }) => open)) {
    const known = batches.get(attempt.batchId);
    // Halves of one batch began at one time, so any attempt of a batch stands for all.
    if (known === undefined || known.sendBy < attempt.sendBy) batches.set(attempt.batchId, attempt);
  }
  if (batches.size === 0) return new Map();
  const opened = await openForSearch(claim, lane, means);
  if ("cause" in opened)
    return new Map([...batches.keys()].map((id) => [id, { kind: "cannot_know", cause: opened.cause }]));
  const search = { claim, opened, means, ask: askOnce(opened, means) };
  const looks = new Map<string, Look>();
  for (const [batchId, attempt] of batches) looks.set(batchId, await lookAtBatch(attempt, search));
  return looks;
}

async function openForSearch(
  claim: UnsettledClaim,
  lane: DueLane,
  means: Means,
): Promise<OpenedLane | { cause: string }> {
  await means.step("open for search");
  try {
    const opened = await means.open(db, tenantOf(claim.lane), lane.connectionId);
    if (opened.connection.status === "failing") return { cause: "The connection does not accept our credentials." };
    if (!opened.connector.canFind) return { cause: "This kind of connection cannot be searched." };
    return { lane, ...opened };
  } catch (thrown) {
    log.error("a connection could not be opened to look sends up", thrown, named(lane));
    return { cause: "The connection cannot be opened." };
  }
}

/** Asks for each batch once, within bounds of number and time: what is left waits for the next pass. */
function askOnce({ connector, lane, connection }: OpenedLane, means: Means): Search["ask"] {
  const asked = new Map<string, Promise<Asked>>();
  const beganMs = performance.now();
  const ask = async (batchId: string, since: Date): Promise<Asked> => {
    await means.step("find");
    try {
      const answer = await connector.find({ batchId, stream: lane.stream, since });
      if (answer.kind === "cannot_know" && answer.aboutCredentials)
        await reportLane({ lane, connector, connection }, { kind: "failing", sentence: answer.cause }, means.chance());
      return answer;
    } catch (thrown) {
      log.error("a connector threw while searching", thrown, named(lane));
      return { kind: "cannot_know", cause: "the search failed", aboutCredentials: false };
    }
  };
  return (batchId, since) => {
    const known = asked.get(batchId);
    if (known) return known;
    if (asked.size >= findsPerClaim || performance.now() - beganMs > findsBeginMs)
      return Promise.resolve({ kind: "not_asked" });
    const answer = ask(batchId, since);
    asked.set(batchId, answer);
    return answer;
  };
}

async function lookAtBatch(attempt: OpenAttempt, search: Search): Promise<Look> {
  const { claim, opened, ask } = search;
  const { serverId } = attempt;
  if (serverId === null || serverId !== opened.connection.serverId)
    return { kind: "cannot_know", cause: "It was sent on another server than the one that the connection opens now." };
  const answer = await ask(attempt.batchId, attempt.startedAt);
  if (answer.kind !== "found") return answer;
  const messageIds = new Map(
    answer.messages.flatMap(({ sendId, messageId }) => (sendId ? [[sendId, messageId] as const] : [])),
  );
  const missing = claim.sends.some(
    ({ id, open }) => open.some(({ batchId }) => batchId === attempt.batchId) && !messageIds.has(id),
  );
  // A message that does not say whose it is may be anybody's.
  const nameless = answer.messages.some(({ sendId }) => sendId === null);
  const counts = claim.at.getTime() > countsFromMs(attempt, lags());
  return {
    kind: "shown",
    messageIds,
    sees: missing && !nameless && counts && (await searchSees({ ...attempt, serverId }, search)),
  };
}

/**
 * Does the search show something of this server and stream that was surely accepted after the attempt's call was over? If there is
 * nothing, a probe is sent for the next look; another one when that is not shown either, for it may never have arrived.
 */
async function searchSees({ serverId, sendBy }: OpenAttempt & { serverId: string }, search: Search): Promise<boolean> {
  const { claim, means, ask } = search;
  // Begun by `sendBy`, it may have been taken until the call was given up.
  const overAt = new Date(sendBy.getTime() + lags().providerTimeoutMs);
  const shows = async (batchId: string, since: Date) => {
    const answer = await ask(batchId, since);
    return answer.kind === "found" && answer.messages.length > 0;
  };
  await means.step("witness");
  const witness = await findWitness(db, claim.lane, { serverId, after: overAt });
  if (witness !== null && (await shows(witness.batchId, witness.startedAt))) return true;
  const { batchId, sentAt, ...probe } = await readProbe(db, claim.lane);
  const counts = batchId !== null && sentAt !== null && sentAt > overAt && probe.serverId === serverId;
  if (counts && (await shows(batchId, sentAt))) return true;
  await sendProbe(serverId, search);
  return false;
}

/** A message to where the provider throws everything away: once its search shows it, the search sees. On disk before it leaves. */
async function sendProbe(serverId: string, { claim, opened, means }: Search): Promise<void> {
  const { connector, connection } = opened;
  const from = connection.fromEmail ?? claim.sends.find(({ fromEmail }) => fromEmail !== null)?.fromEmail;
  if (connector.blackHole === null || !from) return;
  await means.step("open probe");
  const batchId = await openProbe(db, claim.lane, { serverId, everyMs: probeEveryMs });
  if (batchId === null) return;
  const message = {
    sendId: newId(),
    batchId,
    to: connector.blackHole,
    from,
    replyTo: null,
    subject: "Is the search up to date?",
    html: null,
    text: "Sent to nobody, to see whether this message can be found.",
    tag: null,
  };
  await means.step("probe");
  const { startWithinMs } = deliveryTimes(env().providerTimeoutMs);
  const outcome = await connector.send([message], { stream: claim.lane.stream, startWithinMs });
  log.info("probe sent", { ...named(claim.lane), outcome: outcome.kind });
}
