import "server-only";
import { markFailing, rememberServer } from "../connections";
import type { ConnectionRecord, Connector } from "../connections/schema";
import { db } from "../db";
import { log } from "../log";
import { laneRestMs } from "./backoff";
import type { Means } from "./means";
import type { DueLane, Lane, LaneNews } from "./schema";
import { noteLane } from "./store";
import { tenantOf } from "./store-runs";

export type OpenedLane = { lane: DueLane; connector: Connector; connection: ConnectionRecord };

/**
 * The connector of a lane. A connection whose server is not known yet is asked for it first: what is sent without knowing where to
 * could never be looked up. Null when nothing can be sent just now; the lane rests or is held then.
 */
export async function openLane(
  lane: DueLane,
  { open, chance }: Pick<Means, "open" | "chance">,
): Promise<OpenedLane | null> {
  const tenant = tenantOf(lane);
  const opened = await open(db, tenant, lane.connectionId);
  if (opened.connection.serverId !== null || !opened.connector.canFind) return { lane, ...opened };
  const check = await opened.connector.check();
  switch (check.kind) {
    case "ready": {
      const { credentialsVersion } = opened.connection;
      const facts = { ...check.server, streams: check.streams };
      await rememberServer(db, tenant, lane.connectionId, facts, { credentialsVersion });
      const known = await open(db, tenant, lane.connectionId);
      // Replaced meanwhile: what was found is about the credentials before.
      return known.connection.serverId === null ? null : { lane, ...known };
    }
    case "bad_credentials":
      await reportLane({ lane, ...opened }, { kind: "failing", sentence: check.message }, chance());
      return null;
    case "unreachable":
    case "failed":
      await reportLane({ lane, ...opened }, { kind: "rest", retryAfterMs: null }, chance());
      return null;
  }
}

/** Writes down what a call said about its lane: whether it rests, is held until a person has mended the connection, or is well again. */
export async function reportLane({ lane, connection }: OpenedLane, news: LaneNews, chance: number): Promise<void> {
  switch (news.kind) {
    case "fine":
      if (lane.failures > 0) await noteLane(db, lane, null);
      return;
    case "rest":
      // Never at once, whatever the provider says: "after 0 seconds" would be asked again and again.
      await noteLane(db, lane, restMsOf(news.retryAfterMs, lane.failures, chance));
      return;
    case "failing": {
      const { credentialsVersion } = connection;
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
