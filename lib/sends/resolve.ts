import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, retryTransient } from "../db";
import { AppError } from "../errors";
import { wake } from "../wake";
import { isId, noSend, readSend } from "./read-send";
import { refusalOf, type Seen } from "./refusal";
import type {
  Resolution,
  ResolvedSends,
  ResolveSendInput,
  ResolveSendsInput,
  SendWithEvents,
  Unresolved,
  WaitingSends,
} from "./schema";
import { type Answered, answerForSends, countWaiting } from "./store-resolve";

/**
 * A person settles what nobody else can: a send of which no one knows whether it left, or one that is more than a day late. The first
 * answer counts; the same one again changes nothing. Who says what they saw (`was`, `attempts`) decides about that and nothing else.
 * @throws AppError `not_found`; `conflict` when nothing is left to decide, saying who decided or what holds it
 */
export async function resolveSend(actor: Actor, { id, as, ...seen }: ResolveSendInput): Promise<SendWithEvents> {
  const tenant = allow(actor, "sends:write");
  const [answered] = await answer(actor, tenant, { ids: [id], as, seen });
  if (!answered || answered.result === "missing") throw noSend();
  if (answered.result === "refused") throw new AppError("conflict", refusalOf(answered, as, seen));
  return readSend(tenant, id);
}

/** The same for many at once. What could not be decided is named; the rest is done. */
export async function resolveSends(actor: Actor, { ids, as, was }: ResolveSendsInput): Promise<ResolvedSends> {
  const tenant = allow(actor, "sends:write");
  const seen = { was };
  const answers = await answer(actor, tenant, { ids, as, seen });
  const byId = new Map(answers.map((answered) => [answered.id, answered]));
  const errors = [...new Set(ids)].flatMap((id) => unresolved(id, byId.get(id.toLowerCase()), { as, seen }));
  return { resolved: answers.filter(isDone).length, errors };
}

/** How many sends wait for more than their turn, and how many of them for a person. */
export const waitingSends = async (actor: Actor): Promise<WaitingSends> => countWaiting(db, allow(actor, "sends:read"));

async function answer(
  actor: Actor,
  tenant: Tenant,
  { ids, as, seen }: { ids: readonly string[]; as: Resolution; seen: Seen },
): Promise<Answered[]> {
  const known = [...new Set(ids.filter(isId).map((id) => id.toLowerCase()))];
  const answers = await retryTransient(() => answerForSends(db, tenant, { ids: known, as, seen, actor }));
  if (answers.some(({ result }) => result === "resolved")) wake();
  return answers;
}

const isDone = ({ result }: Answered): boolean => result === "resolved" || result === "repeated";

function unresolved(
  id: string,
  answered: Answered | undefined,
  { as, seen }: { as: Resolution; seen: Seen },
): Unresolved[] {
  if (answered === undefined || answered.result === "missing")
    return [{ id, error: "not_found", detail: noSend().message }];
  return answered.result === "refused" ? [{ id, error: "conflict", detail: refusalOf(answered, as, seen) }] : [];
}
