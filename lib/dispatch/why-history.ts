import type { AutomationStatus, LiveTrigger } from "../automations/schema";

/** A version as far as it decides who enters; `trigger` null where this process cannot read it. */
export type KnownVersion = { id: string; number: number; at: Date; trigger: LiveTrigger | null };
export type StatusChange = { at: Date; to: AutomationStatus };
type Stop = { at: Date; stopped: boolean };

/** What an automation was, and when. Each list oldest first. */
export type History = {
  versions: readonly KnownVersion[];
  changes: readonly StatusChange[];
  stops: readonly Stop[];
};

/** Read at one place, because what is true now may not be written down anywhere: a workspace that was never stopped has no audit entry. */
export type Present = { status: AutomationStatus; statusSince: Date; stoppedSince: Date | null };

/** The status changes as far as they are known, ending with what is true now. */
export function historyOf(
  versions: readonly KnownVersion[],
  { changes, stops }: Pick<History, "changes" | "stops">,
  { status, statusSince, stoppedSince }: Present,
): History {
  const [first] = versions;
  // A version goes live with its first publish, whether or not an audit entry tells so.
  const begun: StatusChange[] = first === undefined ? [] : [{ at: first.at, to: "live" }];
  const known = [...begun, ...changes].sort((one, other) => one.at.getTime() - other.at.getTime());
  const last = known.at(-1)?.to ?? "draft";
  const lastStop = stops.at(-1)?.stopped ?? false;
  return {
    versions,
    changes: last === status ? known : [...known, { at: statusSince, to: status }],
    stops:
      lastStop === (stoppedSince !== null)
        ? stops
        : [...stops, { at: stoppedSince ?? stops.at(-1)?.at ?? statusSince, stopped: stoppedSince !== null }],
  };
}

/** What the automation was at a moment, since when, and until when (null: it still is). */
export function statusAt({ changes }: Pick<History, "changes">, at: Date) {
  const index = changes.findLastIndex((change) => change.at <= at);
  const change = changes[index];
  const status: AutomationStatus = change?.to ?? "draft";
  return {
    status,
    since: change?.at ?? null,
    until: changes.slice(index + 1).find(({ to }) => to !== status)?.at ?? null,
  };
}

/** Since when all sending was stopped at a moment, and until when; null where it was not. */
export function stopAt({ stops }: Pick<History, "stops">, at: Date): { since: Date; until: Date | null } | null {
  const index = stops.findLastIndex((stop) => stop.at <= at);
  const stop = stops[index];
  if (!stop?.stopped) return null;
  return { since: stop.at, until: stops.slice(index + 1).find(({ stopped }) => !stopped)?.at ?? null };
}

/** The version that people entered at a moment; null before the first. */
export const versionAt = ({ versions }: Pick<History, "versions">, at: Date): KnownVersion | null =>
  versions.findLast((version) => version.at <= at) ?? null;
