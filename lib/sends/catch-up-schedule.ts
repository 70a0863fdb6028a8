const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A look at sends of a certain age. `delivered`: also at those of which it is known how they arrived, where no webhook has come since. */
export type Look = { key: string; afterMs: number; delivered: boolean };

/**
 * When a send is looked at that nothing is known of. What happens to one that arrived, or did not, is read from lists, of all sends at
 * once; the looks after a day and a week find what the lists do not show: an unsubscribe, the delivery before a bounce or complaint.
 */
const looks: readonly Look[] = [
  { key: "minutes", afterMs: 10 * minute, delivered: false },
  { key: "hour", afterMs: hour, delivered: false },
  { key: "hours", afterMs: 6 * hour, delivered: false },
  { key: "day", afterMs: day, delivered: true },
  { key: "days", afterMs: 3 * day, delivered: false },
  { key: "week", afterMs: 7 * day, delivered: true },
];
/** How long after its last look a send falls off when it was not its turn, for want of calls or because nothing ran. */
const graceMs = day;
export const horizonMs = Math.max(...looks.map(({ afterMs }) => afterMs)) + graceMs;

/** Of webhooks, the newest is known to the minute. */
const slackMs = minute;
const listEveryMs = { webhooks: hour, quiet: 10 * minute };

/** How far a look has come: the last send it has looked at, in the order of `sentAt` and then of their ids. */
export type Cursor = { at: Date; id: string };
export type Cursors = ReadonlyMap<string, Cursor>;
export type LookWindow = { look: Look; after: Cursor; until: Date };

/** What is known of a lane when it is decided what to ask. `asked`: a person wants everything looked at now. */
export type LaneState = { cursors: Cursors; webhookAt: Date | null; asked: boolean; listedAt: Date | null };

const first = "00000000-0000-0000-0000-000000000000";

/**
 * Of each look, the sends whose turn it is: old enough for it, not old enough for the next one, and behind its cursor. So a send is asked
 * for once at its age however long nothing ran, and each is passed by each look at most once. Where no webhook was ever seen there is
 * a look after a minute; when a person asks, at once.
 */
export function lookWindows({ cursors, webhookAt, asked }: LaneState, now: Date): LookWindow[] {
  const early: Look = { key: "minute", afterMs: asked ? 0 : minute, delivered: false };
  const plan = webhookAt === null || asked ? [early, ...looks] : looks;
  return plan.map((look, index) => {
    const endMs = plan[index + 1]?.afterMs ?? look.afterMs + graceMs;
    const from = { at: new Date(now.getTime() - endMs), id: first };
    const cursor = cursors.get(look.key);
    const after = cursor && cursor.at > from.at ? cursor : from;
    return { look, after, until: new Date(now.getTime() - look.afterMs) };
  });
}

type Looked = { status: string; messageId: string | null; sentAt: Date };

/** Whether the provider is asked for one send of a look's window. */
export function isAskedFor({ status, messageId, sentAt }: Looked, look: Look, webhookAt: Date | null): boolean {
  if (messageId === null) return false;
  if (status === "sent") return true;
  const left = status === "delivered" || status === "bounced" || status === "complained";
  return left && look.delivered && !webhooksSince(sentAt, webhookAt);
}

/** Whether webhooks arrive: one has come since a send that there should be news of. */
export const webhooksSince = (sentAt: Date, webhookAt: Date | null): boolean =>
  webhookAt !== null && webhookAt.getTime() >= sentAt.getTime() - slackMs;

/** Whether bounces, opens and clicks are read now: hourly while webhooks arrive, for the one that got lost; more often while they do not. */
export function listsAreDue({ listedAt }: LaneState, webhooksArrive: boolean, now: Date): boolean {
  const everyMs = webhooksArrive ? listEveryMs.webhooks : listEveryMs.quiet;
  return listedAt === null || now.getTime() - listedAt.getTime() >= everyMs;
}

/** How long at most until a lane is looked at again, so that what is sent on it meanwhile gets its first look in time. */
export const idleMsMax = (webhookAt: Date | null): number => (webhookAt === null ? minute : 10 * minute);
/** How long at least, so that a busy lane is looked at in pieces worth a look. */
export const idleMsMin = 20_000;

/**
 * How long a lane rests after a call that came to nothing, the `failures`th in a row: from half a minute to an hour, longer if the
 * provider asks for it. `chance` in [0, 1) spreads lanes that failed together.
 */
export function restMs(failures: number, retryAfterMs: number | null, chance: number): number {
  const backoffMs = Math.min(30_000 * 2 ** Math.min(failures - 1, 10), hour);
  return Math.max(retryAfterMs ?? 0, Math.round(backoffMs * (0.75 + chance / 4)));
}
