import "server-only";
import type { Tenant } from "../actor";
import { type Db, db } from "../db";
import { type Life, storedWarmUp } from "./life-schema";
import type { ChangeConnectionInput } from "./schema";
import { changeLimits, type LifeRow, type LimitsChange, readLives, setDefault } from "./store-life";

/** How connections stand beside what is stored of them: default, limits, what is used of them, and their breakers. */
export async function livesOf(tenant: Tenant, ids: readonly string[]): Promise<Map<string, Life>> {
  const rows = ids.length === 0 ? [] : await readLives(db, tenant, ids);
  return new Map(rows.map((row) => [row.id, toLife(row)]));
}

function toLife(row: LifeRow): Life {
  const plan = storedWarmUp.safeParse(row.warm_up).data;
  return {
    is_default: row.is_default,
    sends_per_second_max: row.sends_per_second_max,
    calls_at_once_max: row.calls_at_once_max,
    warm_up: plan ? { ...plan, ceiling_today: row.ceiling_today, used_today: row.used_today } : null,
    breaker: breakerOf(row),
  };
}

function breakerOf({ broken, open, since, until, why }: LifeRow): Life["breaker"] {
  if (!broken) return { state: "closed", since: null, until: null, why: null };
  return {
    state: open ? "open" : "half_open",
    since: since?.toISOString() ?? null,
    until: open ? (until?.toISOString() ?? null) : null,
    why,
  };
}

/** Of a connection of which nothing is known: a moment ago it was deleted. */
export const noLife: Life = {
  is_default: false,
  sends_per_second_max: null,
  calls_at_once_max: null,
  warm_up: null,
  breaker: { state: "closed", since: null, until: null, why: null },
};

/** Saves what a change says about default and limits; in the transaction of the change. */
export async function saveLife(
  tx: Db,
  tenant: Tenant,
  id: string,
  change: Partial<ChangeConnectionInput>,
): Promise<void> {
  if (change.is_default) await setDefault(tx, tenant, id);
  const limits: LimitsChange = {
    ...(change.sends_per_second_max !== undefined && { sendsPerSecondMax: change.sends_per_second_max }),
    ...(change.calls_at_once_max !== undefined && { callsAtOnceMax: change.calls_at_once_max }),
    ...(change.warm_up !== undefined && { warmUp: change.warm_up }),
  };
  if (Object.keys(limits).length > 0) await changeLimits(tx, tenant, id, limits);
}

/** What the audit log says of the limits that were changed. */
export function limitFacts(change: Partial<ChangeConnectionInput>): Record<string, string | number | null> {
  const { sends_per_second_max: perSecond, calls_at_once_max: atOnce, warm_up: plan } = change;
  return {
    ...(perSecond !== undefined && { sends_per_second_max: perSecond ?? "none" }),
    ...(atOnce !== undefined && { calls_at_once_max: atOnce ?? "none" }),
    ...(plan !== undefined && {
      warm_up: plan ? `${plan.start_per_day} a day × ${plan.growth} until ${plan.until}` : "none",
    }),
  };
}
