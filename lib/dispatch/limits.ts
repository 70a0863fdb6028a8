/** What bounds the engine in every direction. Times in milliseconds. */

/** Runs of one claim. */
export const runsPerClaim = 200;
/** Events that came for one run and are looked at in one go; the rest waits for the next one. */
export const signalsPerLook = 500;
/** How long they are ours: loading and deciding takes a fraction of a second. Shorter where the provider's deadline is, as all leases are. */
export const advanceLeaseMs = (providerTimeoutMs: number) => Math.min(30_000, Math.max(2_000, providerTimeoutMs));

/** Sends of one claim: one call to the provider, unless it may take fewer. */
export const sendsPerClaim = 200;
/**
 * `startWithinMs`: from the claim until the call must have begun; loading and rendering fit in it. A call gives up after the
 * provider's timeout. The lease outlasts both by a margin for saving: 60 s with the usual timeout of 30 s.
 */
export function deliveryTimes(providerTimeoutMs: number): { startWithinMs: number; leaseMs: number } {
  const startWithinMs = Math.min(15_000, Math.max(1_000, providerTimeoutMs / 2));
  return { startWithinMs, leaseMs: startWithinMs + providerTimeoutMs + startWithinMs };
}
/** The part of `startWithinMs` that rendering may take; what is not ready by then waits for the next batch. */
export const renderShare = 0.5;
/** Of one call, well under the 50 MB that a provider takes, because several are in memory at once. */
export const batchBytesMax = 5_000_000;

/**
 * Calls of one process at once to those who answered last time, and as many again for those who did not: a call that has waited for
 * `slowAfterMs` counts among these, so that any number of connections that hang keep the others waiting no longer than that.
 */
export const placesAtOnce = 24;
export const slowPlacesAtOnce = 24;
export const slowAfterMs = 3_000;
/** Of those: for one lane (connection and stream), for one connection, for one workspace. Who did not answer last time has one per lane. */
export const callsPerLane = 2;
export const callsPerConnection = 4;
export const callsPerWorkspace = 12;
export const workspacesAtOnce = 4;
/** Then a lane's place is free for another one, should one wait. */
export const batchesPerTurn = 5;

/** How long a person's missing address is waited for, and how often it is looked for. */
export const addressWaitMs = 10 * 60_000;
export const addressLookMs = 5_000;
export const addressLookMaxMs = 30_000;
/** When an email is looked at again that this process cannot read. */
export const unreadableLookMs = 5 * 60_000;
/** More late than this, and a person decides. */
export const latenessMaxMs = 24 * 3_600_000;
/** A run looks after its email this often by itself, though it is woken; it waits this long for one that is unknown. */
export const standMs = 24 * 3_600_000;
export const unknownHoldMs = 24 * 3_600_000;

/** Sends of one look-up, and the batches that they may be of: each is a call to the search. */
export const unsettledPerClaim = 500;
export const batchesPerLookUp = 20;
/**
 * `beginMs`: how long new searches and probes are begun; a search gives up within 20 s, a probe after the provider's timeout, and the lease
 * outlasts the last of them by a margin for saving: 85 s with the usual timeout of 30 s.
 */
export function lookUpTimes(providerTimeoutMs: number): { beginMs: number; leaseMs: number } {
  const beginMs = Math.min(30_000, providerTimeoutMs);
  const callMs = Math.max(providerTimeoutMs, Math.min(20_000, 2 * providerTimeoutMs));
  return { beginMs, leaseMs: beginMs + callMs + Math.min(25_000, providerTimeoutMs) };
}
/** At most one message to a provider's black hole per stream in this time: ten minutes with the usual lag of one, shorter where the lag is. */
export const probeEveryMs = (searchLagMs: number) => Math.min(10 * 60_000, Math.max(1_000, 10 * searchLagMs));
/** How many of them are remembered, and asked for at a time: a search may lag for longer than the newest are old. */
export const probesKept = 12;
export const probesAsked = 4;
/** Calls to the search in one look-up: where nothing shows for all batches that it sees, each has a witness of its own. */
export const findsPerLookUp = 2 * batchesPerLookUp + probesAsked;
/** How long a lane rests that is refused for its stream or account, before one email finds out whether it still is. */
export const heldRetryMs = 10 * 60_000;
/** When an email is looked at again whose run has a signal that nobody has looked at. */
export const signalledLookMs = 1_000;
/** How often a search that sees must not have shown a message before it counts as never taken. */
export const absentSeenMin = 2;
