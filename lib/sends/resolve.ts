import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, retryTransient } from "../db";
import { AppError, invalidField } from "../errors";
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
  const attempts = seen.attempts === undefined ? [] : [seen.attempts];
  const [answered] = await answer(actor, tenant, { ids: [id], as, was: seen.was, attempts });
  if (!answered || answered.result === "missing") throw noSend();
  if (answered.result === "refused") throw new AppError("conflict", refusalOf(answered, as, seen));
  return readSend(tenant, id);
}

/** The same for many at once. What could not be decided is named; the rest is done. @throws AppError `validation_error` */
export async function resolveSends(
  actor: Actor,
  { ids, as, was, attempts = [] }: ResolveSendsInput,
): Promise<ResolvedSends> {
  const tenant = allow(actor, "sends:write");
  if (attempts.length > 0 && attempts.length !== ids.length)
    throw invalidField("attempts", "Give the attempts of each send, as many as ids.");
  const answers = await answer(actor, tenant, { ids, as, was, attempts });
  const byId = new Map(answers.map((answered) => [answered.id, answered]));
  const errors = [...new Set(ids)].flatMap((id) => unresolved(id, byId.get(id.toLowerCase()), { as, seen: { was } }));
  return { resolved: answers.filter(isDone).length, errors };
}

/** How many sends wait for more than their turn, and how many of them for a person. */
export const waitingSends = async (actor: Actor): Promise<WaitingSends> => countWaiting(db, allow(actor, "sends:read"));

async function answer(
  actor: Actor,
  tenant: Tenant,
  {
    ids,
    as,
    was,
    attempts,
  }: Pick<Seen, "was"> & { ids: readonly string[]; as: Resolution; attempts: readonly number[] },
): Promise<Answered[]> {
  const known = new Map<string, number | null>();
  for (const [index, id] of ids.entries()) {
    if (!isId(id)) continue;
    const [key, seen] = [id.toLowerCase(), attempts[index] ?? null];
    // Who contradicts themselves has seen nothing that there is.
    known.set(key, known.has(key) && known.get(key) !== seen ? -1 : seen);
  }
  const answers = await retryTransient(() => answerForSends(db, tenant, { seen: known, as, was, actor }));
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
