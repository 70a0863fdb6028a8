import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { nilConnection } from "./changes";
import type { ListEntry, Piece } from "./pieces";
import { signalUnsubscribed } from "./store-signal";
import { heldByHand } from "./store-sql";

/** What of a dump concerns every piece of it. */
export type DumpFacts = {
  connectionId: string;
  stream: string;
  beganAt: Date;
  /** What was changed or learnt later than this is not touched: the dump may not show it yet. */
  asOf: Date;
  /** What was learnt earlier is of another server's list; null: nothing is. */
  since: Date | null;
};
/** `full`: there may be more to change in this stretch, so it is to be folded once more, and `here` is not counted yet. `woken`: runs that may go on. */
export type PieceCounts = { here: number; missingHere: number; missingThere: number; full: boolean; woken: number };

/** Rows that one statement changes beyond those of its piece: a short list may face a long one. */
const rowsMax = 5_000;

/**
 * Compares one piece of a provider's list with what is known of it and makes them agree, in the caller's transaction: what it has holds
 * here, what it has no longer is lifted when it came from that list, and what is held by hand here is asked to be put on it. Pushes
 * under way, and those finished after `asOf`, are let be. Runs that an unsubscribe ends are told, as by a webhook.
 */
export async function foldPiece(
  db: Db,
  tenant: Tenant,
  facts: DumpFacts,
  piece: Piece<ListEntry>,
): Promise<PieceCounts> {
  const bound = bind(tenant, facts, piece);
  // Runs are locked before suppressions, wherever both are.
  const woken = await signalUnsubscribed(db, tenant, await newUnsubscribes(db, bound));
  const missingHere = await addMissing(db, bound);
  await noteEchoes(db, bound);
  await restate(db, bound);
  const lifted = await liftGone(db, bound);
  const asked = await askForMissing(db, bound);
  const full = lifted.rows >= rowsMax || asked.rows >= rowsMax;
  const here = full ? 0 : await countHere(db, bound);
  return { here, missingHere, missingThere: lifted.addresses + asked.addresses, full, woken };
}

/** A statement with its values, all numbered alike. */
type Bound = { values: unknown[]; range: (column: string) => string };

const entries = `unnest($7::text[], $8::text[], $9::text[], $10::timestamptz[]) e(email, reason, origin, created_at)`;
const allValues = `(select $1::uuid, $2::uuid, $3::text, $4::timestamptz, $5::timestamptz, $6::timestamptz, $11::text, $12::text)`;

function bind(tenant: Tenant, facts: DumpFacts, piece: Piece<ListEntry>): Bound {
  const bounds = [piece.after === null ? null : "~>~ $11", piece.upTo === null ? null : "~<=~ $12"];
  return {
    // PostgreSQL wants the type of every parameter, also of those that a statement does not use: see allValues.
    values: [
      tenant.workspaceId,
      facts.connectionId,
      facts.stream,
      facts.beganAt,
      facts.asOf,
      facts.since ?? new Date(0),
      piece.entries.map(({ email }) => email),
      piece.entries.map(({ reason }) => reason),
      piece.entries.map(({ origin }) => origin),
      piece.entries.map(({ createdAt }) => createdAt),
      piece.after,
      piece.upTo,
    ],
    range: (column) =>
      bounds
        .filter((bound) => bound !== null)
        .map((bound) => ` and ${column} ${bound}`)
        .join(""),
  };
}

const run = <T extends Record<string, unknown>>(db: Db, { values }: Bound, text: string) =>
  db.sql<T>(`with given as ${allValues}, listed as materialized (select * from ${entries}) ${text}`, values);

/** Our own wish is on its way, or was carried so lately that the dump need not show it. */
const busy = (email: string) =>
  `exists (select from suppression_pushes b where b.workspace_id = $1 and b.connection_id = $2 and b.stream = $3 and b.email = ${email}
     and (b.status = 'pending' or b.finished_at >= $5))`;
/** Held on this list here, whoever said so. */
const held = (s: string) =>
  `(${s}.active and (${s}.connection_id = '${nilConnection}' and ${s}.reason = 'manual' or ${s}.connection_id = $2 and ${s}.stream in ($3, '*')))`;
/** What we put there ourselves, or somebody else did while it was held here: no second suppression. */
const echo = `l.reason = 'manual' and l.origin = 'customer' and exists (select from suppressions h
  where h.workspace_id = $1 and h.email = l.email and ${heldByHand("h", "$2", "$3")})`;

/** Who is on the list because they unsubscribed, and not so here yet. */
async function newUnsubscribes(db: Db, bound: Bound): Promise<string[]> {
  const rows = await run<{ email: string }>(
    db,
    bound,
    `select l.email from listed l where l.reason = 'unsubscribe' and not ${busy("l.email")} and not exists (select from suppressions s
       where s.workspace_id = $1 and s.email = l.email and s.scope = 'stream' and s.connection_id = $2 and s.stream = $3
         and s.reason = 'unsubscribe' and s.active)`,
  );
  return rows.map(({ email }) => email);
}

/** @returns how many addresses of the list were not held here */
async function addMissing(db: Db, bound: Bound): Promise<number> {
  const [row] = await run<{ n: number }>(
    db,
    bound,
    `, added as (
       insert into suppressions as s
         (workspace_id, email, scope, connection_id, stream, reason, origin, active, changed_at, created_at, listed_at, listed_origin)
       select $1, l.email, case l.reason when 'unsubscribe' then 'stream' else 'workspace' end, $2, $3, l.reason, l.origin, true,
         l.created_at, least(l.created_at, now()), $4, l.origin
       from listed l where not ${busy("l.email")} and not (${echo})
       order by l.email using ~<~
       on conflict (workspace_id, email, scope, connection_id, stream, reason) do update
       set active = true, origin = excluded.origin, changed_at = greatest(excluded.changed_at, s.changed_at),
           listed_at = excluded.listed_at, listed_origin = excluded.listed_origin,
           created_at = case when s.active then s.created_at else excluded.created_at end
       where not s.active and (s.changed_at < $5 or excluded.changed_at >= s.changed_at)
         or s.active and (s.listed_at is null or s.listed_at < $6 or excluded.changed_at > s.changed_at))
     select count(*)::int as n from listed l
     where not ${busy("l.email")} and not exists (select from suppressions s
       where s.workspace_id = $1 and s.email = l.email and ${held("s")})`,
  );
  return row?.n ?? 0;
}

/** What is held by hand for the stream stands on the list by now. */
const noteEchoes = (db: Db, bound: Bound) =>
  run(
    db,
    bound,
    `update suppressions s set listed_at = $4, listed_origin = 'customer' from listed l
     where s.workspace_id = $1 and s.email = l.email and s.connection_id = $2 and s.stream = $3 and s.scope = 'stream' and s.active
       and (s.listed_at is null or s.listed_at < $6) and s.origin <> 'provider' and l.reason = 'manual' and l.origin = 'customer'
       and not ${busy("s.email")}`,
  );

/** A wish that the list refused is over once the list says of itself what was wished. */
const restate = (db: Db, bound: Bound) =>
  run(
    db,
    bound,
    `update suppression_pushes p set status = 'done', message = null
     where p.workspace_id = $1 and p.connection_id = $2 and p.stream = $3 and p.status in ('refused', 'failed') and p.finished_at < $5
       ${bound.range("p.email")} and (p.wanted = 'suppressed') = (p.email in (select email from listed))`,
  );

/** What the list said and says no longer, or says for another reason. @returns how many rows changed, and of how many addresses that are gone */
const liftGone = (db: Db, bound: Bound) =>
  counted(
    db,
    bound,
    `, gone as materialized (
       select s.email, s.scope, s.reason from suppressions s
       where s.workspace_id = $1 and s.connection_id = $2 and s.stream = $3 and s.active
         and s.listed_at >= $6 and s.listed_at < $5 and s.changed_at < $5 ${bound.range("s.email")}
         and not exists (select from listed l where l.email = s.email
           and (l.reason = s.reason or l.reason = 'manual' and s.scope = 'stream'))
         and not ${busy("s.email")}
       limit ${rowsMax}),
     changed as (
       update suppressions s set active = false, origin = 'provider', changed_at = $5 from gone g
       where s.workspace_id = $1 and s.email = g.email and s.scope = g.scope and s.connection_id = $2 and s.stream = $3
         and s.reason = g.reason
       returning s.email)
     select count(*)::int as rows, count(distinct email) filter (where email not in (select email from listed))::int as addresses
     from changed`,
  );

/** What is held by hand here and the list has not got, or lost. @returns as above */
const askForMissing = (db: Db, bound: Bound) =>
  counted(
    db,
    bound,
    `, wished as (
       insert into suppression_pushes as p (workspace_id, connection_id, stream, email, wanted, status, due_at)
       select distinct $1::uuid, $2::uuid, $3::text, s.email, 'suppressed', 'pending', now()
       from suppressions s
       where s.workspace_id = $1 ${bound.range("s.email")} and ${heldByHand("s", "$2", "$3")}
         and (s.connection_id = '${nilConnection}' or s.listed_at is null or s.listed_at < $6)
         and s.email not in (select email from listed)
         and not exists (select from suppression_pushes b where b.workspace_id = $1 and b.connection_id = $2 and b.stream = $3
           and b.email = s.email and (b.status = 'pending' or b.finished_at >= $5 or b.status = 'refused' and b.wanted = 'suppressed'))
       limit ${rowsMax}
       on conflict (workspace_id, connection_id, stream, email) do update
       set wanted = excluded.wanted, version = p.version + 1, status = 'pending', attempt = 0, message = null, finished_at = null,
           due_at = excluded.due_at
       returning p.email)
     select count(*)::int as rows, count(*)::int as addresses from wished`,
  );

async function countHere(db: Db, bound: Bound): Promise<number> {
  const [row] = await run<{ n: number }>(
    db,
    bound,
    `select count(distinct s.email)::int as n from suppressions s
     where s.workspace_id = $1 ${bound.range("s.email")} and ${held("s")}`,
  );
  return row?.n ?? 0;
}

type Counted = { rows: number; addresses: number };

async function counted(db: Db, bound: Bound, text: string): Promise<Counted> {
  const [row] = await run<Counted>(db, bound, text);
  return row ?? { rows: 0, addresses: 0 };
}

/** Forgets pushes of a list that were carried a week ago, some at a time. */
export async function forgetCarried(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: Pick<DumpFacts, "connectionId" | "stream">,
) {
  await db.sql(
    `delete from suppression_pushes p using (
       select email from suppression_pushes where workspace_id = $1 and connection_id = $2 and stream = $3 and status = 'done'
         and finished_at < now() - interval '7 days' limit 10000) old
     where p.workspace_id = $1 and p.connection_id = $2 and p.stream = $3 and p.email = old.email and p.status = 'done'`,
    [tenant.workspaceId, connectionId, stream],
  );
}
