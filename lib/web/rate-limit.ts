import "server-only";
import { type Actor, systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { takeTokens } from "./store";

type Limit = { perSecond: number; burst: number };

/** Of a workspace's limit a publishable key gets this share, in a bucket of its own. */
const publishableShare = 1 / 5;
/** A process takes tokens in pieces of this share of the burst, so that the row is not hot. */
const pieceShare = 1 / 20;
const bucketsMax = 10_000;

const buckets = new Map<string, Bucket>();

/**
 * Takes the tokens of one request, one for each event, and adds to the answer's headers how the limit stands then. A request that is
 * larger than the burst passes when the bucket is full. @throws AppError `rate_limited`
 */
export async function takeRate(actor: Actor, tokens: number, headers: Record<string, string>): Promise<void> {
  try {
    await bucketOf(actor)?.take(tokens);
  } finally {
    tellRate(actor, headers);
  }
}

/** Adds to an answer's headers how the limit stands, where there is one. */
export function tellRate(actor: Actor, headers: Record<string, string>): void {
  const state = bucketOf(actor)?.state();
  if (state === undefined) return;
  headers["x-ratelimit-limit"] = String(state.limit);
  headers["x-ratelimit-remaining"] = String(state.remaining);
  headers["x-ratelimit-reset"] = String(state.resetAtSeconds);
}

function bucketOf(actor: Actor): Bucket | null {
  const whole = env().rateLimit;
  if (whole === null) return null;
  const isPublishable = actor.kind === "publishable_key";
  const name = isPublishable ? "publishable" : "secret";
  const share = (tokens: number) => (isPublishable ? Math.max(1, Math.floor(tokens * publishableShare)) : tokens);
  const limit: Limit = { perSecond: share(whole.perSecond), burst: share(whole.burst) };
  const place = `${actor.workspaceId} ${name} ${limit.perSecond}/${limit.burst}`;
  const found = buckets.get(place);
  if (found) return found;
  if (buckets.size >= bucketsMax) buckets.clear();
  const made = new Bucket(systemTenant(actor.workspaceId), name, limit);
  buckets.set(place, made);
  return made;
}

/** One process's view of one bucket of the table rate_buckets: the tokens that it holds, and what it last saw of the rest. */
class Bucket {
  #held = 0;
  #left: number;
  #seenAtMs = 0;
  /** Requests that need more than is held go to the database one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly tenant: Tenant,
    readonly name: string,
    readonly limit: Limit,
  ) {
    this.#left = limit.burst;
  }

  async take(tokens: number): Promise<void> {
    if (this.#spend(tokens)) return;
    const turn = this.#turn.then(() => this.#fetch(tokens));
    this.#turn = turn.catch(() => undefined); // the caller of that turn has its error
    await turn;
  }

  state(): { limit: number; remaining: number; resetAtSeconds: number } {
    const { perSecond, burst } = this.limit;
    const remaining = Math.min(
      burst,
      this.#left + this.#held + ((performance.now() - this.#seenAtMs) / 1000) * perSecond,
    );
    return {
      limit: burst,
      remaining: Math.max(0, Math.floor(remaining)),
      resetAtSeconds: Math.ceil(Date.now() / 1000 + (burst - remaining) / perSecond),
    };
  }

  #spend(tokens: number): boolean {
    if (this.#held < tokens) return false;
    this.#held -= tokens;
    return true;
  }

  async #fetch(tokens: number): Promise<void> {
    if (this.#spend(tokens)) return;
    const { perSecond, burst } = this.limit;
    const need = tokens - this.#held;
    const want = Math.max(need, Math.floor(burst * pieceShare));
    const wanted = { bucket: this.name, perSecond, burst, need, want };
    const { taken, remaining } = await takeTokens(db, this.tenant, wanted);
    this.#left = remaining;
    this.#seenAtMs = performance.now();
    this.#held += taken;
    if (this.#spend(tokens)) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((Math.min(need, burst) - remaining) / perSecond));
    throw new AppError("rate_limited", `Too many events. Retry after ${retryAfterSeconds} seconds.`, {
      retryAfterSeconds,
    });
  }
}
