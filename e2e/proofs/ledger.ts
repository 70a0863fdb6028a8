import { db } from "../../lib/db";
import type { Intake, Person } from "./intake";
import type { Provider } from "./provider";

export type Ledger = {
  /** People whose event was acknowledged. */
  acknowledged: number;
  /** Mails that the provider took. */
  emails: number;
  /** What an acknowledged event lacks: its row, its run, a send, or the mail at the provider. */
  lost: string[];
  /** What there is twice. */
  doubled: string[];
  /** Mails that belong to no send, and sends whose record is at odds with the provider's. */
  strange: string[];
};

type Counted = { person: string; count: number };
type SendRow = { id: string; person: string; step: string; status: string };

/**
 * Compares what was acknowledged with what there is: for each person the event's row, the run, one send for each step, and one mail
 * taken by the provider. What was never acknowledged is not compared, but nobody may get anything twice.
 */
export async function ledgerOf(
  people: readonly Person[],
  { workspaceId, event, steps, intake, provider, untaken = [], taken: takenAs = ["sent"] }: LedgerScope,
): Promise<Ledger> {
  const [events, runs, sends, taken] = await Promise.all([
    countOf("select properties->>'person' as person, count(*)::int from events where workspace_id = $1 and name = $2", [
      workspaceId,
      event,
    ]),
    countOf(
      `select i.value as person, count(distinct e.id)::int from enrollments e join identifiers i on i.workspace_id = e.workspace_id
         and i.profile_id = e.profile_id and i.kind = 'external' where e.workspace_id = $1`,
      [workspaceId],
    ),
    sendsOf(workspaceId),
    provider.accepted(),
  ]);
  const [times, byId] = [new Map<string, number>(), new Map(sends.map((send) => [send.id, send]))];
  const ledger: Ledger = { acknowledged: 0, emails: taken.length, lost: [], doubled: [], strange: [] };
  for (const { to, metadata } of taken) {
    const send = byId.get(metadata.send_id ?? "");
    if (send === undefined || to !== `${send.person}@example.com`)
      ledger.strange.push(`a mail to ${to} is nobody's send`);
    const key = `${send?.person ?? to} ${send?.step}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  for (const [key, count] of times) if (count > 1) ledger.doubled.push(`${key}: taken ${count} times`);
  const sendOf = new Map(sends.map((send) => [`${send.person} ${send.step}`, send]));
  for (const { externalId } of people) {
    for (const [what, counts] of [["event", events] as const, ["run", runs] as const])
      if ((counts.get(externalId) ?? 0) > 1)
        ledger.doubled.push(`${externalId}: ${counts.get(externalId)} ${what} rows`);
    if (!intake.acknowledged.has(`${externalId} ${event}`)) continue;
    ledger.acknowledged += 1;
    if (!events.has(externalId)) ledger.lost.push(`${externalId}: no event`);
    else if (!runs.has(externalId)) ledger.lost.push(`${externalId}: no run`);
    else
      for (const step of steps) {
        const key = `${externalId} ${step}`;
        const send = sendOf.get(key);
        if (send === undefined) ledger.lost.push(`${key}: no send`);
        else if (!times.has(key)) {
          if (!untaken.includes(send.status)) ledger.lost.push(`${key}: ${send.status}, and never taken`);
        } else if (!takenAs.includes(send.status)) ledger.strange.push(`${key}: taken, and ${send.status}`);
      }
  }
  return ledger;
}

export type LedgerScope = {
  workspaceId: string;
  event: string;
  steps: readonly string[];
  intake: Intake;
  provider: Pick<Provider, "accepted">;
  /** As what a mail that was taken may be shown in the end, and one that was not. */
  taken?: readonly string[];
  untaken?: readonly string[];
};

async function countOf(sql: string, values: readonly unknown[]): Promise<Map<string, number>> {
  const rows = await db.sql<Counted>(`${sql} group by 1`, values);
  return new Map(rows.map(({ person, count }) => [person, count]));
}

const sendsOf = (workspaceId: string) =>
  db.sql<SendRow>(
    `select s.id::text, i.value as person, s.step_id as step, s.status from sends s join identifiers i
       on i.workspace_id = s.workspace_id and i.profile_id = s.profile_id and i.kind = 'external' where s.workspace_id = $1`,
    [workspaceId],
  );
