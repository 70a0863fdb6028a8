import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { newId } from "../ids";
import { reasons } from "./reasons";
import type { AttemptRecord, Batch, ClaimedSend, DueLane, LaneHold, Settlement, Verdict } from "./schema";
import { clockFrom, pgJson } from "./store";

type Times = { startWithinMs: number; leaseMs: number };
type Claimed = {
  id: string;
  number: number;
  at: Date;
  failures?: number;
  hold?: LaneHold | null;
  trial?: boolean;
  limited?: boolean;
};

/**
 * Takes due sends of a lane and opens their attempts, all before anybody calls out. Null when there are none, or when the lane may
 * not send just now. `serverId`: of the connector that the caller has opened; another one gets nothing.
 */
export async function claimBatch(
  db: Db,
  lane: DueLane,
  { serverId, limit, startWithinMs, leaseMs }: Times & { serverId: string | null; limit: number },
): Promise<Batch | null> {
  const [leaseToken, batchId, askedAtMs] = [newId(), newId(), performance.now()];
  const rows = await db.sql<Claimed>("select * from claim_sends($1, $2, $3, $4, $5, $6, $7, $8, $9)", [
    lane.workspaceId,
    lane.connectionId,
    lane.stream,
    serverId,
    limit,
    leaseToken,
    batchId,
    startWithinMs,
    leaseMs,
  ]);
  return toBatch(rows, { lane, leaseToken, batchId, askedAtMs, startWithinMs });
}

/** Opens another attempt, in a batch of its own, for sends that are ours. What is ours no more is not in it. */
export async function reopenBatch(
  db: Db,
  { lane, leaseToken, limited }: Batch,
  { sendIds, startWithinMs, leaseMs }: Times & { sendIds: readonly string[] },
): Promise<Batch | null> {
  const [batchId, askedAtMs] = [newId(), performance.now()];
  const rows = await db.sql<Claimed>("select * from reopen_sends($1, $2::uuid[], $3, $4, $5, $6)", [
    lane.workspaceId,
    sendIds,
    leaseToken,
    batchId,
    startWithinMs,
    leaseMs,
  ]);
  const batch = toBatch(rows, { lane, leaseToken, batchId, askedAtMs, startWithinMs });
  // What does not leave after all still gives its place back.
  return batch && { ...batch, limited };
}

function toBatch(
  rows: readonly Claimed[],
  {
    askedAtMs,
    startWithinMs,
    ...named
  }: Pick<Batch, "lane" | "leaseToken" | "batchId"> & { askedAtMs: number; startWithinMs: number },
): Batch | null {
  const [first] = rows;
  if (first === undefined) return null;
  // UUIDv7: the order in which they were queued.
  const sends: ClaimedSend[] = rows.map(({ id, number }) => ({ id, number })).sort((a, b) => (a.id < b.id ? -1 : 1));
  const { failures = named.lane.failures, hold = null, trial = false, limited = false } = first;
  return {
    ...named,
    lane: { ...named.lane, failures, hold },
    sends,
    trial,
    limited,
    // From before the question was asked, so a call never begins too late.
    remainingMs: () => startWithinMs - (performance.now() - askedAtMs),
    now: clockFrom(first.at),
  };
}

/**
 * Asked right before a call: which of these attempts may still begin. `may` false: something was stopped meanwhile, and the email goes
 * back. What is not in the answer is somebody else's by now.
 */
export async function confirmSends(
  db: Db,
  { lane, leaseToken }: Batch,
  { serverId, sends }: { serverId: string | null; sends: readonly ClaimedSend[] },
): Promise<Map<string, boolean>> {
  const rows = await db.sql<{ id: string; may: boolean }>(
    "select id, may from confirm_sends($1, $2, $3, $4, $5::uuid[], $6::int[])",
    [
      lane.workspaceId,
      lane.connectionId,
      serverId,
      leaseToken,
      sends.map(({ id }) => id),
      sends.map(({ number }) => number),
    ],
  );
  return new Map(rows.map(({ id, may }) => [id, may]));
}

/**
 * Saves what became of sends in one statement: see the function. @returns the ids whose row was not changed: a decision that came
 * after its lease had ended, or a fact about a send that is settled
 */
export async function saveVerdicts(
  db: Db,
  { workspaceId, leaseToken, now }: { workspaceId: string; leaseToken: string; now: () => Date },
  verdicts: readonly Verdict[],
  furtherAttempts: readonly AttemptRecord[] = [],
): Promise<string[]> {
  const attempts = [...verdicts.flatMap(({ attempt }) => attempt ?? []), ...furtherAttempts];
  const decisions = verdicts.flatMap(({ settlement, note }) =>
    note === null
      ? []
      : [
          {
            // Their time is read out of their ids: by the database's clock.
            id: newId(now().getTime()),
            send_id: settlement.sendId,
            // What holds an email may also be why it is dropped.
            kind: settlement.status === "skipped" ? "skipped" : reasons[note.reason].kind,
            reason: note.reason,
            details: note.details,
          },
        ],
  );
  const rows = await db.sql<{ lost: string }>("select lost from save_sends($1, $2, $3::jsonb, $4::jsonb, $5::jsonb)", [
    workspaceId,
    leaseToken,
    pgJson(attempts.map(toAttemptRow)),
    pgJson(verdicts.map(({ settlement }) => toOutcomeRow(settlement))),
    pgJson(decisions),
  ]);
  return rows.map(({ lost }) => lost);
}

const toAttemptRow = (attempt: AttemptRecord) => ({
  send_id: attempt.sendId,
  number: attempt.number,
  outcome: attempt.outcome,
  code: attempt.code ?? null,
  detail: attempt.detail?.slice(0, detailCharactersMax) ?? null,
  seen: attempt.seen ?? null,
  undo: attempt.undo ?? false,
});

const detailCharactersMax = 1_000;

const toOutcomeRow = (settlement: Settlement) => ({
  id: settlement.sendId,
  number: settlement.number,
  fact: settlement.fact,
  status: settlement.status,
  reason: settlement.reason,
  detail: settlement.detail?.slice(0, detailCharactersMax) ?? null,
  due_at: settlement.dueAt,
  park_for: settlement.parkFor ?? null,
  stream: settlement.stream ?? null,
  provider_message_id: settlement.providerMessageId ?? null,
  sent_at: settlement.sentAt ?? null,
  to_email: settlement.toEmail ?? null,
  from_email: settlement.fromEmail ?? null,
  subject: settlement.subject ?? null,
});

/**
 * A send of a test, already `sending`, with its attempt: both on disk before the call. Its lane too, so that it is looked up when the
 * answer is lost. Null when nothing may be sent any more: stopped, disabled, or not the server that was opened.
 */
export async function openTestSend(
  db: Db,
  tenant: Tenant,
  test: {
    connectionId: string;
    stream: string;
    serverId: string | null;
    toEmail: string;
    fromEmail: string;
    subject: string;
  } & Times,
): Promise<Batch | null> {
  const [id, leaseToken, batchId, askedAtMs] = [newId(), newId(), newId(), performance.now()];
  const rows = await db.sql<Claimed>(
    `with present as materialized (
       select date_trunc('milliseconds', clock_timestamp()) as at from connections c join workspaces w on w.id = c.workspace_id
       where c.workspace_id = $1 and c.id = $3 and c.status <> 'disabled' and c.deleted_at is null and c.server_id is not distinct from $11
         and w.sending_stopped_at is null
     ), send as (
       insert into sends (workspace_id, id, kind, connection_id, message_stream, to_email, from_email, subject, status, attempts,
         scheduled_at, due_at, lease_token, batch_id, created_at)
       select $1, $2, 'test', $3, $4, $5, $6, $7, 'sending', 1, at, at + $8::int * interval '1 millisecond', $9, $10, at from present
     ), attempt as (
       insert into send_attempts (workspace_id, send_id, number, batch_id, connection_id, message_stream, server_id, started_at, send_by)
       select $1, $2, 1, $10, $3, $4, $11, at, at + $12::int * interval '1 millisecond' from present
     ), lane as (
       insert into send_lanes (workspace_id, connection_id, message_stream) select $1, $3, $4 from present on conflict do nothing)
     select $2::uuid as id, 1 as number, at from present`,
    [
      tenant.workspaceId,
      id,
      test.connectionId,
      test.stream,
      test.toEmail,
      test.fromEmail,
      test.subject,
      test.leaseMs,
      leaseToken,
      batchId,
      test.serverId,
      test.startWithinMs,
    ],
  );
  const lane = { workspaceId: tenant.workspaceId, connectionId: test.connectionId, stream: test.stream, failures: 0 };
  return toBatch(rows, { lane, leaseToken, batchId, askedAtMs, startWithinMs: test.startWithinMs });
}
