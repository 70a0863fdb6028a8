import "server-only";
import type { Tenant } from "../../actor";
import type { Db } from "../../db";
import type { CallOutcome, SendOutcome } from "../connector";
import type { ConnectionRecord } from "../schema";
import { type SenderNews, saveSenders } from "./store";

type Call = { call: CallOutcome; from: readonly string[] };

/**
 * Remembers what one call told of the From addresses of its messages (`from`: one each, in their order). Not once the login that it was
 * made with was replaced: another one may open another account.
 */
export async function noteSenders(
  db: Db,
  tenant: Tenant,
  { id, credentialsVersion }: Pick<ConnectionRecord, "id" | "credentialsVersion">,
  call: Call,
): Promise<void> {
  const news = senderNewsOf(call);
  if (news.length > 0) await saveSenders(db, tenant, { id, credentialsVersion }, news);
}

/** Only what was accepted or refused for its sender tells. Of one address the refusal counts. */
function senderNewsOf({ call, from }: Call): SenderNews[] {
  if (call.kind !== "answered" || call.outcomes.length !== from.length) return [];
  const news = new Map<string, SenderNews>();
  for (const [index, outcome] of call.outcomes.entries()) {
    const email = from[index]?.toLowerCase() ?? "";
    const told = newsOf(outcome);
    if (told !== null && (told.state !== "accepted" || !news.has(email))) news.set(email, { email, ...told });
  }
  return [...news.values()];
}

/** Postmark's code for a signature that nobody has confirmed (reference §2.1). */
const unconfirmedCode = 401;

function newsOf(outcome: SendOutcome): Omit<SenderNews, "email"> | null {
  if (outcome.kind === "accepted") return { state: "accepted", detail: null };
  if (outcome.kind !== "sender_refused") return null;
  return { state: outcome.code === unconfirmedCode ? "unconfirmed" : "refused", detail: outcome.message };
}
