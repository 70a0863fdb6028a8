import type { SendEvent } from "./schema";

/** What a send's row tells of its history. */
export type SendFacts = {
  status: string;
  reason: string | null;
  detail: string | null;
  provider_message_id: string | null;
  created_at: Date;
  sent_at: Date | null;
};

/**
 * A send's history, oldest first: what its row tells, joined with what was noted when it happened. How it ended without leaving, or
 * why it still waits, is always among it, with the words for people.
 */
export function eventsOf(row: SendFacts, noted: readonly SendEvent[]): SendEvent[] {
  const events = [...told(row), ...noted];
  const end = endOf(row);
  if (end !== null) {
    const words = { ...(row.reason && { reason: row.reason }), ...(row.detail && { detail: row.detail }) };
    const at = events.findLastIndex((event) => event.type === end);
    const known = events[at];
    if (known) events[at] = { ...known, data: { ...known.data, ...words } };
    else events.push({ type: end, occurred_at: latest(events), data: words });
  }
  // A stable sort: what happened in the same millisecond stays in the order in which it was told.
  return events.sort((one, other) => Date.parse(one.occurred_at) - Date.parse(other.occurred_at));
}

function told(row: SendFacts): SendEvent[] {
  const queued = { type: "queued", occurred_at: row.created_at.toISOString(), data: {} };
  // What a person said is a line of its own: we do not know it.
  if (row.sent_at === null || row.reason === "marked_sent") return [queued];
  const data = row.provider_message_id === null ? {} : { provider_message_id: row.provider_message_id };
  return [queued, { type: "sent", occurred_at: row.sent_at.toISOString(), data }];
}

function endOf({ status, reason }: SendFacts): "failed" | "skipped" | "held" | "marked_sent" | null {
  if (reason === "marked_sent") return reason;
  if (status === "failed" || status === "skipped") return status;
  return status === "queued" && reason !== null ? "held" : null;
}

const latest = (events: readonly SendEvent[]): string =>
  new Date(Math.max(...events.map(({ occurred_at }) => Date.parse(occurred_at)))).toISOString();
