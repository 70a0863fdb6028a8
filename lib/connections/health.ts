import "server-only";
import { type Actor, allow } from "../actor";
import { db } from "../db";
import { healthOf } from "./health-figures";
import type { ConnectionHealth, ConnectionHealthInput } from "./life-schema";
import { noConnection } from "./open";
import { findConnection } from "./store";
import { readCalls, readOutcomes, type WindowBounds } from "./store-hours";

const bounds: Record<ConnectionHealthInput["window"], WindowBounds> = {
  "24h": { hours: 24, bucket: "hour" },
  "7d": { hours: 7 * 24, bucket: "day" },
  "30d": { hours: 30 * 24, bucket: "day" },
};

/** How a connection did: what the provider took, what it refused and why, how long it took, and what became of it. */
export async function connectionHealth(actor: Actor, { id, window }: ConnectionHealthInput): Promise<ConnectionHealth> {
  const tenant = allow(actor, "connections:read");
  const found = await findConnection(db, tenant, id);
  if (!found) throw noConnection();
  const [outcomes, calls] = await Promise.all([
    readOutcomes(db, tenant, found.record.id, bounds[window]),
    readCalls(db, tenant, found.record.id, bounds[window]),
  ]);
  return healthOf({ window, ...bounds[window], outcomes, calls }, new Date());
}
