import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { recordCalls, takeStaleLists, workspacesWithStaleLists } from "../connections";
import type { SuppressionList } from "../connections/schema";
import { db, retryTransient, transaction } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { log } from "../log";
import { wake } from "../wake";
import { callOf } from "./list-calls";
import { type ListMeans, ordinaryListMeans } from "./list-means";
import { piecesOf } from "./pieces";
import { carryPushes } from "./pushes";
import { type DumpFacts, foldPiece, forgetCarried, type PieceCounts } from "./store-dump";
import {
  type ClaimedList,
  claimList,
  failList,
  finishList,
  forgetLists,
  keepList,
  type ListCounts,
  noteServer,
  planLists,
  workspacesWithListWork,
} from "./store-lists";

const everyMs = 6 * 3_600_000;
const leaseMs = 5 * 60_000;
const retryMsMax = everyMs;
const entriesMax = 5_000;
/** Of one reading, all pieces together: ten million changes, and each piece once all the same. What is left is changed by the next one. */
const roundsMax = 2_000;
const workspacesMax = 50;

export type Tended = { read: number; pushed: number };

/**
 * One bounded pass over everything that is due: plans the lists of connections that were found to work, carries pushes, and reads
 * lists in full, one at a time. Nothing new is begun after `budgetMs`. Any number at once, in any number of processes, is harmless:
 * lists and pushes are leased. What fails in one workspace harms no other.
 */
export async function tendSuppressionLists(
  { budgetMs, signal }: { budgetMs: number; signal?: AbortSignal },
  means: ListMeans = ordinaryListMeans,
): Promise<Tended> {
  const endMs = performance.now() + budgetMs;
  const over = () => signal?.aborted === true || performance.now() >= endMs;
  const stoppable = { ...means, ...(signal && { signal }) };
  const total: Tended = { read: 0, pushed: 0 };
  const stale = await workspacesWithStaleLists(db, workspacesMax);
  const due = await workspacesWithListWork(db, workspacesMax);
  for (const workspaceId of new Set([...stale, ...due])) {
    if (over()) break;
    try {
      const { read, pushed } = await tendWorkspace(systemTenant(workspaceId), { over }, stoppable);
      total.read += read;
      total.pushed += pushed;
    } catch (thrown) {
      log.error("the suppression lists of a workspace could not be tended; the others are", thrown, {
        workspace: workspaceId,
      });
    }
  }
  return total;
}

/** The same for one workspace, or one connection of it: each list at most once. */
export async function tendWorkspace(
  tenant: Tenant,
  { over, connectionId = null }: { over: () => boolean; connectionId?: string | null },
  means: ListMeans,
): Promise<Tended> {
  await transaction(async (tx) => planLists(tx, tenant, await takeStaleLists(tx, tenant, { connectionId })));
  let pushed = await carryPushes(tenant, { over }, means);
  let read = 0;
  for (let lists = 0; lists < 500 && !over(); lists += 1) {
    const list = await claimList(db, tenant, { token: newId(), leaseMs, connectionId });
    if (!list) break;
    read += (await readList(tenant, list, means)) ? 1 : 0;
  }
  // What was found missing there need not wait for the next pass.
  if (read > 0 && !over()) pushed += await carryPushes(tenant, { over }, means);
  return { read, pushed };
}

/** @returns whether the list was read to its end */
async function readList(tenant: Tenant, list: ClaimedList, means: ListMeans): Promise<boolean> {
  try {
    const opened = await listOf(tenant, list, means);
    if (opened.kind === "gone") {
      await forgetLists(db, tenant, list);
      return false;
    }
    if (opened.kind === "rests") {
      await failList(db, tenant, list, { error: opened.sentence, retryMs: everyMs });
      return false;
    }
    const since = await noteServer(db, tenant, list, opened.serverId);
    const beganMs = performance.now();
    const dump = await unlessStopped(() => opened.suppressionList.dump(list.stream), means.signal);
    if (dump === null) {
      await failList(db, tenant, list, { error: "The reading was interrupted.", retryMs: 0 });
      return false;
    }
    await recordCalls(db, tenant, { connectionId: list.connectionId, call: "list" }, [callOf(dump, beganMs)]);
    if (dump.kind === "cannot_know") {
      await fail(tenant, list, `The list could not be read: ${dump.cause}.`, means);
      return false;
    }
    const { connectionId, stream, beganAt } = list;
    const asOf = new Date(beganAt.getTime() - means.settlingMs);
    const facts = { connectionId, stream, beganAt, asOf, since };
    const counts = await foldDump(tenant, list, facts, dump.entries);
    if (!counts) return false;
    const nextInMs = everyMs * (0.9 + 0.2 * means.chance());
    await forgetCarried(db, tenant, list);
    return finishList(db, tenant, list, { counts, nextInMs });
  } catch (thrown) {
    await fail(tenant, list, "The list could not be compared with ours. It is tried again.", means);
    throw thrown;
  }
}

/** A long answer is not waited for by a process that ends. @returns null then */
function unlessStopped<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (signal === undefined) return work();
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const stop = () => resolve(null);
    signal.addEventListener("abort", stop, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

type Opened =
  | { kind: "open"; suppressionList: SuppressionList; serverId: string | null }
  | { kind: "rests"; sentence: string }
  | { kind: "gone" };

async function listOf(tenant: Tenant, { connectionId, stream }: ClaimedList, means: ListMeans): Promise<Opened> {
  try {
    const { connector, connection } = await means.open(db, tenant, connectionId);
    const known = connection.streams.find(({ id }) => id === stream);
    if (connector.suppressionList === null || known?.archived || known?.type === "other") return { kind: "gone" };
    if (connection.status !== "ready")
      return {
        kind: "rests",
        sentence: `The connection is ${connection.status}. Validate it, then its lists are read.`,
      };
    return { kind: "open", suppressionList: connector.suppressionList, serverId: connection.serverId };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "not_found") return { kind: "gone" };
    throw thrown;
  }
}

async function fail(tenant: Tenant, list: ClaimedList, error: string, { chance }: ListMeans): Promise<void> {
  const retryMs = Math.min(60_000 * 2 ** (list.attempt - 1), retryMsMax) * (0.9 + 0.2 * chance());
  await failList(db, tenant, list, { error, retryMs });
}

/**
 * Piece by piece, each in short transactions that end when the lease is lost: as many as it takes, for a stretch with few addresses there
 * may have many here. @returns null then: whoever has it reads it anew
 */
async function foldDump(
  tenant: Tenant,
  list: ClaimedList,
  facts: DumpFacts,
  entries: Parameters<typeof piecesOf>[0],
): Promise<ListCounts | null> {
  const total = { here: 0, there: 0, missingHere: 0, missingThere: 0 };
  let rounds = 0;
  for (const piece of piecesOf(entries, entriesMax)) {
    total.there += piece.entries.length;
    for (let first = true, full = true; first || (full && rounds < roundsMax); first = false, rounds += 1) {
      const counts = await foldOnce(tenant, list, facts, piece);
      if (counts === null) return null;
      total.here += counts.here;
      total.missingHere += first ? counts.missingHere : 0;
      total.missingThere += counts.missingThere;
      full = counts.full;
    }
  }
  return total;
}

async function foldOnce(
  tenant: Tenant,
  list: ClaimedList,
  facts: DumpFacts,
  piece: Parameters<typeof foldPiece>[3],
): Promise<PieceCounts | null> {
  const counts = await retryTransient(() =>
    transaction(
      async (tx) => ((await keepList(tx, tenant, list, leaseMs)) ? foldPiece(tx, tenant, facts, piece) : null),
      { timeoutMs: 60_000 },
    ),
  );
  if (counts === null)
    log.info("a suppression list was no longer ours while it was read", { connection: list.connectionId });
  if (counts && counts.woken > 0) wake();
  return counts;
}
