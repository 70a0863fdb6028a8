import "server-only";
import { markFailing, noteTrouble, rememberServer, SealedShut } from "../connections";
import type { CheckOutcome, ConnectionRecord, Connector } from "../connections/schema";
import { db } from "../db";
import { log } from "../log";
import { laneRestMs } from "./backoff";
import { heldRetryMs } from "./limits";
import type { Means } from "./means";
import type { DueLane, Lane, LaneNews } from "./schema";
import { clearLane, holdLane, restLane } from "./store-lanes";
import { tenantOf } from "./store-runs";

export type OpenedLane = { lane: DueLane; connector: Connector; connection: ConnectionRecord };

/**
 * The connector of a lane. A connection whose server is not known yet is asked for it first: what is sent without knowing where to
 * could never be looked up. So is one whose stored streams cannot be read: without them an email would leave on another one. Null when nothing can be sent just now; the lane rests or is held then.
 */
export async function openLane(
  lane: DueLane,
  means: Pick<Means, "open" | "chance" | "step">,
): Promise<OpenedLane | null> {
  const opened = await openServer(lane, means);
  if (!("check" in opened)) return opened;
  const { check, ...rest } = opened;
  if (check.kind === "ready") return null;
  await means.step("report lane");
  await reportLane({ ...rest, lane }, newsOfCheck(check), means);
  return null;
}

const newsOfCheck = (check: CheckOutcome): LaneNews =>
  check.kind === "bad_credentials"
    ? { kind: "failing", sentence: check.message }
    : { kind: "rest", retryAfterMs: null, why: "message" in check ? check.message : "It could not be reached." };

/** The same, for whoever tells a person: with what the provider said (`check`) when it did not open its server. */
export async function openServer(
  lane: DueLane,
  { open, step }: Pick<Means, "open" | "step">,
): Promise<OpenedLane | (OpenedLane & { check: CheckOutcome })> {
  const tenant = tenantOf(lane);
  const opened = await openSealed(lane, { open, step });
  if (isKnown(opened)) return { lane, ...opened };
  if (opened.connection.streamsUnreadable)
    log.warn("a connection's stored streams cannot be read; nothing leaves until its provider tells them", named(lane));
  await step("check");
  const check = await opened.connector.check();
  if (check.kind !== "ready") return { lane, ...opened, check };
  const { credentialsVersion } = opened.connection;
  const facts = { ...check.server, streams: check.streams };
  await step("remember server");
  await rememberServer(db, tenant, lane.connectionId, facts, { credentialsVersion });
  const known = await openSealed(lane, { open, step });
  // Replaced meanwhile: what was found is about the credentials before.
  return isKnown(known) ? { lane, ...known } : { lane, ...known, check };
}

const isKnown = ({ connection, connector }: Pick<OpenedLane, "connection" | "connector">): boolean =>
  (connection.serverId !== null || !connector.canFind) && !connection.streamsUnreadable;

/**
 * The connector of a lane, as it is. A token that this server cannot read is a person's to mend, so it shows.
 * @throws what opening throws, all the same
 */
export async function openSealed(lane: Lane, { open, step }: Pick<Means, "open" | "step">) {
  try {
    await step("open");
    return await open(db, tenantOf(lane), lane.connectionId);
  } catch (thrown) {
    await step("hold what is sealed shut");
    if (thrown instanceof SealedShut) await holdSealed(lane, thrown.connection);
    throw thrown;
  }
}

const sealedSentence =
  "The stored server token cannot be read: its encryption key is missing or the value was changed. Enter the token again, or restore ENCRYPTION_KEYS and validate.";

const holdSealed = (lane: Lane, { credentialsVersion }: ConnectionRecord) =>
  markFailing(db, tenantOf(lane), lane.connectionId, sealedSentence, { credentialsVersion });

/** Writes down what a call said about its lane: whether it rests, is held until somebody has mended it, or is well again. */
export async function reportLane(
  { lane, connection }: OpenedLane,
  news: LaneNews,
  { chance, step }: Pick<Means, "chance" | "step">,
): Promise<void> {
  switch (news.kind) {
    case "fine": {
      if (lane.failures === 0 && !lane.hold) return;
      await step("lane is well");
      const over = await clearLane(db, lane);
      await step("trouble is over");
      if (over !== null) await noteTrouble(db, tenantOf(lane), lane.connectionId, { sentence: null, was: over });
      return;
    }
    case "nothing":
      return;
    case "held": {
      await step("hold lane");
      const began = await holdLane(db, lane, { ...news, connection, restMs: heldRetryMs });
      if (!began) return;
      await step("note trouble");
      await noteTrouble(db, tenantOf(lane), lane.connectionId, news);
      log.warn("a lane is refused; its sends are held", { ...named(lane), reason: news.reason });
      return;
    }
    case "rest":
      // Never at once, whatever the provider says: "after 0 seconds" would be asked again and again.
      await step("rest lane");
      await restLane(db, lane, { restMs: restMsOf(news.retryAfterMs, lane.failures, chance()), why: news.why });
      return;
    case "failing": {
      const { credentialsVersion } = connection;
      await step("mark failing");
      const changed = await markFailing(db, tenantOf(lane), lane.connectionId, news.sentence, { credentialsVersion });
      if (changed) log.warn("a connection fails; its sends are held", named(lane));
      // Replaced credentials are not blamed: what was put back goes out with them.
      return;
    }
  }
}

const restMsOf = (retryAfterMs: number | null, failures: number, chance: number): number =>
  retryAfterMs === null ? laneRestMs(failures + 1, chance) : Math.max(retryAfterMs, laneRestMs(1, chance));

export const named = ({ workspaceId, connectionId, stream }: Lane) => ({
  workspace: workspaceId,
  connection: connectionId,
  stream,
});
