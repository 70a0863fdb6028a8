import "server-only";
import type { Tenant } from "../actor";
import { type BareCall, recordCalls } from "../connections";
import type { ListAnswer, ListedChange, SuppressionList } from "../connections/schema";
import { db } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { log } from "../log";
import { callOf } from "./list-calls";
import type { ListMeans } from "./list-means";
import { settlePush } from "./settle-push";
import { forgetLists } from "./store-lists";
import { type ClaimedPushes, claimPushes, savePushes } from "./store-pushes";

/** Longer than a call may take, with as many refusals as are looked into. */
const leaseMs = 120_000;
const callsMax = 40;
/** Refused addresses of a call that are asked to be reactivated. */
const reactivationsMax = 5;

/**
 * Carries due changes to the provider's lists, one call after the other, at most some dozens; those of one address (`email`) when
 * a person waits for them. @returns how many addresses were settled
 */
export async function carryPushes(
  tenant: Tenant,
  { over, email = null }: { over: () => boolean; email?: string | null },
  means: Pick<ListMeans, "open">,
): Promise<number> {
  let settled = 0;
  for (let calls = 0; calls < callsMax && !over(); calls += 1) {
    const claimed = await claimPushes(db, tenant, { token: newId(), take: addressesMax, leaseMs, email });
    if (!claimed) break;
    settled += await carry(tenant, claimed, means);
  }
  return settled;
}

/** The least that any provider takes in one call. */
const addressesMax = 50;

async function carry(tenant: Tenant, claimed: ClaimedPushes, means: Pick<ListMeans, "open">): Promise<number> {
  const list = await listOf(tenant, claimed, means);
  if (list.kind === "gone") {
    await forgetLists(db, tenant, claimed);
    return 0;
  }
  const calls: BareCall[] = [];
  const answer = list.kind === "open" ? await ask(list.list, claimed, calls) : list;
  const changes = new Map(
    answer.kind === "answered" ? answer.changes.map((change) => [change.email.toLowerCase(), change]) : [],
  );
  const cause = answer.kind === "answered" ? "no answer came for this address" : answer.cause;
  const outcomes = claimed.pushes.map((push) => settlePush(push, changes.get(push.email) ?? null, cause));
  const { saved } = await savePushes(db, tenant, claimed, outcomes);
  const refused = outcomes.filter(({ status }) => status === "refused").length;
  await recordCalls(db, tenant, { connectionId: claimed.connectionId, call: "list", refused }, calls);
  if (saved < claimed.pushes.length)
    log.info("changes of a suppression list were no longer ours when they were answered", {
      connection: claimed.connectionId,
      lost: claimed.pushes.length - saved,
    });
  return outcomes.filter(({ status }) => status !== "pending").length;
}

type Opened = { kind: "open"; list: SuppressionList } | { kind: "cannot_know"; cause: string } | { kind: "gone" };

async function listOf(
  tenant: Tenant,
  { connectionId }: ClaimedPushes,
  { open }: Pick<ListMeans, "open">,
): Promise<Opened> {
  try {
    const { connector, connection } = await open(db, tenant, connectionId);
    if (connector.suppressionList === null) return { kind: "gone" };
    if (connection.status === "disabled") return { kind: "cannot_know", cause: "the connection is disabled" };
    return { kind: "open", list: connector.suppressionList };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "not_found") return { kind: "gone" };
    log.info("a connection could not be opened to change its suppression list", {
      connection: connectionId,
      error: String(thrown),
    });
    return { kind: "cannot_know", cause: "the connection could not be opened" };
  }
}

/** `calls`: takes up what was asked, for the figures. */
async function ask(
  list: SuppressionList,
  { stream, wanted, pushes }: ClaimedPushes,
  calls: BareCall[],
): Promise<ListAnswer> {
  const counted = async (work: () => Promise<ListAnswer>) => {
    const beganMs = performance.now();
    const answer = await work();
    calls.push(callOf(answer, beganMs));
    return answer;
  };
  const emails = pushes.map(({ email }) => email);
  if (wanted === "suppressed") return counted(() => list.add(stream, emails));
  const answer = await counted(() => list.remove(stream, emails));
  if (answer.kind !== "answered") return answer;
  const refused = answer.changes.filter(({ kind }) => kind === "refused").slice(0, reactivationsMax);
  // A bounce may have its own way back. Where it has none, the words of the first refusal say more.
  const again = await Promise.all(refused.map(({ email }) => counted(() => list.reactivate(stream, email))));
  const active = new Set(
    again.flatMap((one) => (one.kind === "answered" ? one.changes.filter(isDone) : [])).map(({ email }) => email),
  );
  return {
    kind: "answered",
    changes: answer.changes.map((change) =>
      active.has(change.email) ? { email: change.email, kind: "done" } : change,
    ),
  };
}

const isDone = ({ kind }: ListedChange) => kind === "done";
