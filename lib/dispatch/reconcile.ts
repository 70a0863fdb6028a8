import "server-only";
import { callFacts, recordCall } from "../connections";
import type { CallOutcome, FindOutcome, OutgoingMessage } from "../connections/schema";
import { db } from "../db";
import { env } from "../env";
import { newId } from "../ids";
import { log } from "../log";
import { countsFromMs, type Judgement, judge, type Look, type OpenAttempt } from "./judge";
import { named, type OpenedLane, openSealed, reportLane } from "./lanes";
import {
  batchesPerLookUp,
  deliveryTimes,
  findsPerLookUp,
  lookUpTimes,
  probeEveryMs,
  probesAsked,
  probesKept,
  unsettledPerClaim,
} from "./limits";
import type { Means } from "./means";
import { saveAll } from "./save";
import type { DueLane, Lane } from "./schema";
import { tenantOf } from "./store-runs";
import { claimUnsettled, findWitness, openProbe, readProbes, type UnsettledClaim, usedFrom } from "./store-unsettled";

/** `settled`: sends whose outcome is known now, or that are surely not with the provider and were queued again. `answered`: no search was left without an answer. */
export type Reconciled = { claimed: number; settled: number; answered: boolean };

/**
 * Looks up sends of a lane that were left `sending` or `unknown`: claim → ask the provider's search for each batch they were in → judge
 * → save. Nothing is sent again unless the search, while it demonstrably saw, did not show it twice.
 */
export async function reconcileLane(lane: DueLane, means: Means): Promise<Reconciled> {
  const { leaseMs } = lookUpTimes(env().providerTimeoutMs);
  await means.step("claim unsettled");
  const claim = await claimUnsettled(db, lane, { limit: unsettledPerClaim, batches: batchesPerLookUp, leaseMs });
  if (claim === null) return { claimed: 0, settled: 0, answered: true };
  const { looks, answered } = await lookUp(claim, lane, means);
  const judgements = claim.sends.map((send) => judge(send, looks, { at: claim.at, ...lags(), chance: means.chance() }));
  await saveAll(claim, { verdicts: judgements, attempts: judgements.flatMap(({ attempts }) => attempts) }, means);
  return {
    claimed: claim.sends.length,
    settled: judgements.filter(isSettled).length,
    answered,
  };
}

const isSettled = ({ settlement }: Judgement) => settlement.status !== "unknown";
const lags = () => ({ providerTimeoutMs: env().providerTimeoutMs, searchLagMs: env().providerSearchLagMs });

type Batch = Pick<OpenAttempt, "batchId" | "stream">;
type Search = {
  claim: UnsettledClaim;
  opened: OpenedLane;
  means: Means;
  ask: (batch: Batch, since: Date) => Promise<Asked>;
  /** Of servers and streams, when the youngest message was sent that the search has shown just now: it shows whatever was taken before. */
  shownUpTo: Map<string, Date>;
  /** How long calls may still be begun. */
  leftMs: () => number;
  /** Whether any of what was really asked got no answer. */
  fellSilent: () => boolean;
};
type Asked = FindOutcome | { kind: "not_asked" };
type LookedUp = { looks: Map<string, Look>; answered: boolean };

/** What the search says of each batch, by its id. */
async function lookUp(claim: UnsettledClaim, lane: DueLane, means: Means): Promise<LookedUp> {
  const batches = new Map<string, OpenAttempt>();
  for (const attempt of claim.sends.flatMap(({ open }) => open)) {
    const known = batches.get(attempt.batchId);
    // Halves of one batch began at one time, so any attempt of a batch stands for all.
    if (known === undefined || known.sendBy < attempt.sendBy) batches.set(attempt.batchId, attempt);
  }
  if (batches.size === 0) return { looks: new Map(), answered: true };
  const opened = await openForSearch(lane, means);
  if ("cause" in opened) {
    const look: Look = { kind: "cannot_know", cause: opened.cause };
    return { looks: new Map([...batches.keys()].map((id) => [id, look])), answered: true };
  }
  const search = { claim, opened, means, shownUpTo: new Map(), ...askOnce(opened, means) };
  const looks = new Map<string, Look>();
  for (const attempt of inOrder([...batches.values()])) looks.set(attempt.batchId, await lookAtBatch(attempt, search));
  return { looks, answered: !search.fellSilent() };
}

/**
 * The youngest first: what shows that the search sees as far as there shows it for all the others. Then from the oldest on, so that what
 * there is no time for is not always the same.
 */
function inOrder(attempts: readonly OpenAttempt[]): OpenAttempt[] {
  const oldestFirst = attempts.toSorted((one, other) => one.sendBy.getTime() - other.sendBy.getTime());
  return [...oldestFirst.slice(-1), ...oldestFirst.slice(0, -1)];
}

/** To refuse a token is to answer. */
const isSilence = (answer: FindOutcome) => answer.kind === "cannot_know" && !answer.aboutCredentials;

async function openForSearch(lane: DueLane, means: Means): Promise<OpenedLane | { cause: string }> {
  try {
    const opened = await openSealed(lane, means);
    if (opened.connection.status === "failing") return { cause: "The connection does not accept our credentials." };
    if (!opened.connector.canFind)
      return { cause: "SMTP cannot be asked whether it took an email, so a person decides." };
    return { lane, ...opened };
  } catch (thrown) {
    log.error("a connection could not be opened to look sends up", thrown, named(lane));
    return { cause: "The connection cannot be opened." };
  }
}

/** Asks for each batch once, within bounds of number and time: what is left waits for the next pass. */
function askOnce(opened: OpenedLane, means: Means): Pick<Search, "ask" | "leftMs" | "fellSilent"> {
  const asked = new Map<string, Promise<FindOutcome>>();
  let silent = false;
  const listen = (answer: FindOutcome) => {
    silent ||= isSilence(answer);
    return answer;
  };
  const beganMs = performance.now();
  const { beginMs } = lookUpTimes(env().providerTimeoutMs);
  const leftMs = () => beginMs - (performance.now() - beganMs);
  const ask: Search["ask"] = (batch, since) => {
    const known = asked.get(batch.batchId);
    if (known) return known;
    if (asked.size >= findsPerLookUp || leftMs() <= 0) return Promise.resolve({ kind: "not_asked" });
    const answer = find(batch, since, { opened, means }).then(listen);
    asked.set(batch.batchId, answer);
    return answer;
  };
  return { ask, leftMs, fellSilent: () => silent };
}

async function find(
  batch: Batch,
  since: Date,
  { opened, means }: { opened: OpenedLane; means: Means },
): Promise<FindOutcome> {
  const { connector, lane } = opened;
  const beganMs = performance.now();
  try {
    await means.step("find");
    const answer = await connector.find({ batchId: batch.batchId, stream: batch.stream, since });
    const call = { connectionId: lane.connectionId, ms: performance.now() - beganMs };
    await means.step("record call");
    await recordCall(db, tenantOf(lane), { ...call, ...callFacts(answer, 0) });
    if (answer.kind !== "cannot_know" || !answer.aboutCredentials) return answer;
    await means.step("report lane");
    await reportLane(opened, { kind: "failing", sentence: answer.cause }, means);
    return answer;
  } catch (thrown) {
    log.error("a connector threw while searching", thrown, named(lane));
    return { kind: "cannot_know", cause: "the search failed", aboutCredentials: false };
  }
}

async function lookAtBatch(attempt: OpenAttempt, search: Search): Promise<Look> {
  const { claim, opened, ask } = search;
  const { serverId } = attempt;
  if (serverId === null || serverId !== opened.connection.serverId)
    return { kind: "cannot_know", cause: "It was sent on another server than the one that the connection opens now." };
  const answer = await ask(attempt, attempt.startedAt);
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
 * None is sent while it is not known what the search shows: nobody asked, or no answer came.
 */
async function searchSees(
  { serverId, sendBy, stream }: OpenAttempt & { serverId: string },
  search: Search,
): Promise<boolean> {
  const { claim, means, ask, shownUpTo } = search;
  // Begun by `sendBy`, it may have been taken until the call was given up.
  const after = new Date(sendBy.getTime() + lags().providerTimeoutMs);
  const lane = { ...claim.lane, stream };
  const key = JSON.stringify([serverId, stream]);
  if ((shownUpTo.get(key) ?? after) > after) return true;
  /** Null: nobody looked. */
  const shows = async (batchId: string, since: Date): Promise<boolean | null> => {
    const answer = await ask({ batchId, stream }, since);
    if (answer.kind !== "found") return null;
    if (answer.messages.length > 0) shownUpTo.set(key, since);
    return answer.messages.length > 0;
  };
  await means.step("witness");
  const witness = await findWitness(db, lane, { serverId, after });
  const shown = witness !== null && (await shows(witness.batchId, witness.startedAt));
  if (shown !== false) return shown === true;
  await means.step("read probes");
  const probes = await readProbes(db, lane, { serverId, after });
  // The oldest is what a search shows first that lags for long; the newest what it shows when the oldest never arrived.
  const some = probes.filter((_, index) => index < probesAsked / 2 || index >= probes.length - probesAsked / 2);
  for (const { batchId, sentAt } of some) {
    const shownProbe = await shows(batchId, sentAt);
    if (shownProbe !== false) return shownProbe === true;
  }
  await sendProbe(lane, serverId, search);
  return false;
}

/** A message to where the provider throws everything away: once its search shows it, the search sees. On disk before it leaves. */
async function sendProbe(lane: Lane, serverId: string, { claim, opened, means, leftMs }: Search): Promise<void> {
  const { connector, connection } = opened;
  if (connector.blackHole === null || leftMs() <= 0) return;
  const sendIds = claim.sends.map(({ id }) => id);
  await means.step("from of the probe");
  const from = connection.fromEmail ?? (await usedFrom(db, lane, sendIds));
  if (from === null) return;
  const everyMs = probeEveryMs(env().providerSearchLagMs);
  await means.step("open probe");
  const batchId = await openProbe(db, lane, { serverId, everyMs, kept: probesKept });
  if (batchId === null) return;
  const message = probeMessage({ batchId, from, to: connector.blackHole });
  const beganMs = performance.now();
  // Over before the lease is, as the searches are.
  const startWithinMs = Math.min(deliveryTimes(env().providerTimeoutMs).startWithinMs, leftMs());
  await means.step("probe");
  const call = await connector.sendOne(message, { stream: lane.stream, startWithinMs }).catch(thrownWhileProbing(lane));
  log.info("probe sent", { ...named(lane), outcome: call.kind });
  const { connectionId } = lane;
  await means.step("record call");
  await recordCall(db, tenantOf(lane), { connectionId, ms: performance.now() - beganMs, ...callFacts(call, 1) });
}

const thrownWhileProbing =
  (lane: Lane) =>
  (thrown: unknown): CallOutcome => {
    log.error("a connector threw while probing", thrown, named(lane));
    return { kind: "unknown", cause: "the connector failed" };
  };

const probeMessage = ({ batchId, from, to }: { batchId: string; from: string; to: string }): OutgoingMessage => ({
  sendId: newId(),
  batchId,
  to,
  from,
  replyTo: null,
  subject: "Is the search up to date?",
  html: null,
  text: "Sent to nobody, to see whether this message can be found.",
  tag: null,
  headers: [],
});
