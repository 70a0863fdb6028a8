import { DateTime } from "luxon";
import { durationMs } from "../conditions/schema";
import { type DelayStep, isTimezone, weekdays } from "./steps";

type Until = NonNullable<DelayStep["until"]>;
type Zones = { profileTimezone: unknown; workspaceTimezone: string | null };

/** Two weeks hold every weekday twice, so that a day which a clock change removes altogether still leaves one to come. */
const daysAheadMax = 15;

/**
 * When a delay that begins at `from` ends: after `for`, and where there is `until`, at the first matching local time at
 * or after that. A local time that a clock change skips becomes the next one that exists; of one that happens twice, the
 * first that is not too early counts.
 * @param profileTimezone the person's trait, whatever it holds: what is no zone falls through to the workspace's, then to UTC
 */
export function delayUntil(step: Pick<DelayStep, "for" | "until">, { from, ...zones }: { from: Date } & Zones): Date {
  const earliestMs = from.getTime() + (step.for === null ? 0 : durationMs(step.for));
  return step.until === null ? new Date(earliestMs) : nextMatch(step.until, earliestMs, zoneOf(step.until, zones));
}

/** The zone in which a delay's local time is meant. */
function zoneOf(until: Until, { profileTimezone, workspaceTimezone }: Zones): string {
  const wanted = until.timezone === "profile" ? profileTimezone : until.timezone;
  for (const zone of [wanted, workspaceTimezone]) if (typeof zone === "string" && isTimezone(zone)) return zone;
  return "UTC";
}

function nextMatch(until: Until, earliestMs: number, zone: string): Date {
  const days = until.weekdays ?? weekdays;
  const today = DateTime.fromMillis(earliestMs, { zone: "UTC" }).setZone(zone);
  for (let ahead = 0; ahead <= daysAheadMax; ahead += 1) {
    // Noon, because there is no zone whose clock changes then, so adding days always lands on the right date.
    const day = today.set({ hour: 12 }).plus({ days: ahead });
    const weekday = weekdays[day.weekday - 1];
    if (weekday === undefined || !days.includes(weekday)) continue;
    const match = timesOn(day, until.time).find((time) => time.toMillis() >= earliestMs);
    if (match !== undefined) return match.toJSDate();
  }
  throw new RangeError(`No ${until.time} on ${days.join(", ")} within ${daysAheadMax} days in ${zone}.`);
}

/** The moments of one day that a clock on the wall calls `HH:MM`: one as a rule, two where it is put back. Where it is put forward, the next minute that exists. */
function timesOn(day: DateTime, time: string): DateTime[] {
  const wantedMinute = Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  for (let minute = wantedMinute; minute < 24 * 60; minute += 1) {
    const wanted = { hour: Math.floor(minute / 60), minute: minute % 60, second: 0, millisecond: 0 };
    const found = day.set(wanted);
    if (found.hour === wanted.hour && found.minute === wanted.minute && found.hasSame(day, "day"))
      return found.getPossibleOffsets().sort((one, other) => one.toMillis() - other.toMillis());
  }
  return [];
}
