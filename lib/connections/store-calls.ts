import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { log } from "../log";
import { type BareCall, type CallKind, type CallSum, type ProviderCall, sumCalls } from "./calls";

/**
 * Counts a call to a provider in its minute. Never throws: figures are worth less than what is counted. Not inside a transaction,
 * which a failure would end, and whose end others who count in the same minute would wait for.
 */
export function recordCall(db: Db, tenant: Tenant, call: ProviderCall): Promise<void> {
  const own = {
    outcome: call.outcome,
    code: call.code ?? 0,
    calls: 1,
    messages: call.messages,
    ms: call.ms,
    msMax: call.ms,
  };
  const answers = (call.answers ?? []).map((line) => ({ ...line, code: line.code ?? 0, calls: 0, ms: 0, msMax: 0 }));
  return writeCalls(db, tenant, call, [own, ...answers]);
}

/** The same of calls that carry no messages, all of one kind on one connection, in one statement. */
export async function recordCalls(
  db: Db,
  tenant: Tenant,
  { refused = 0, ...place }: { connectionId: string; call: CallKind; refused?: number },
  calls: readonly BareCall[],
): Promise<void> {
  if (calls.length > 0) await writeCalls(db, tenant, place, sumCalls(calls, refused));
}

async function writeCalls(
  db: Db,
  tenant: Tenant,
  { connectionId, call }: { connectionId: string; call: CallKind },
  sums: readonly CallSum[],
): Promise<void> {
  const lines = sums.map((sum) => ({ ...sum, ms: storable(sum.ms), msMax: storable(sum.msMax) }));
  try {
    await db.sql(
      `insert into provider_calls (workspace_id, connection_id, minute, call, outcome, code, calls, messages, ms_total, ms_max)
       select $1::uuid, $2::uuid, date_trunc('minute', clock_timestamp()), $3, l.outcome, l.code, l.calls, l.messages, l.ms, l."msMax"
       from jsonb_to_recordset($4::jsonb) l(outcome text, code int, calls int, messages int, ms int, "msMax" int)
       order by l.outcome, l.code
       on conflict (workspace_id, connection_id, minute, call, outcome, code) do update set
         calls = provider_calls.calls + excluded.calls, messages = provider_calls.messages + excluded.messages,
         ms_total = provider_calls.ms_total + excluded.ms_total, ms_max = greatest(provider_calls.ms_max, excluded.ms_max)`,
      [tenant.workspaceId, connectionId, call, JSON.stringify(lines)],
    );
  } catch (thrown) {
    log.error("a call to a provider was not counted", thrown, { connection: connectionId });
  }
}

const storable = (ms: number): number => Math.round(Math.min(Math.max(ms, 0), 2_000_000_000));

/** `code` 0: none. `calls` is 0 for lines about single messages of answered calls. */
export type CallLine = {
  call: CallKind;
  outcome: string;
  code: number;
  calls: number;
  messages: number;
  msTotal: number;
  msMax: number;
};

/** What the calls of all workspaces came to in the last `minutes`: for whoever runs the server. At most `linesMax` lines, the most frequent ones. */
export const callStatistics = (
  db: Db,
  { minutes, linesMax = 100 }: { minutes: number; linesMax?: number },
): Promise<CallLine[]> =>
  db.sql<CallLine>(
    `select call, outcome, code, sum(calls)::float8 as calls, sum(messages)::float8 as messages, sum(ms_total)::float8 as "msTotal",
       max(ms_max) as "msMax"
     from provider_calls where minute > now() - make_interval(mins => $1)
     group by call, outcome, code order by sum(calls) + sum(messages) desc, call, outcome, code limit $2`,
    [minutes, linesMax],
  );

/** Forgets calls of more than 30 days ago, a bounded number at a time. @returns how many lines went */
export async function forgetOldCalls(db: Db, linesMax: number): Promise<number> {
  const rows = await db.sql(
    `delete from provider_calls c using (select ctid as place from provider_calls
       where minute < now() - interval '30 days' limit $1) old
     where c.ctid = old.place returning 1`,
    [linesMax],
  );
  return rows.length;
}
