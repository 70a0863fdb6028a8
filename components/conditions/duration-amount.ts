/** The units that a duration can be typed in, and how ISO 8601 writes each. */
const durationUnits = {
  seconds: { prefix: "PT", letter: "S" },
  minutes: { prefix: "PT", letter: "M" },
  hours: { prefix: "PT", letter: "H" },
  days: { prefix: "P", letter: "D" },
  weeks: { prefix: "P", letter: "W" },
} as const;
export type DurationUnit = keyof typeof durationUnits;

export type DurationAmount = { amount: string; unit: DurationUnit };

/** A duration of one unit as amount and unit; null where only its ISO text says it unchanged (`P1DT12H`, `P007D`). */
export function readAmount(iso: string): DurationAmount | null {
  for (const unit of durationUnitNames) {
    const { prefix, letter } = durationUnits[unit];
    if (!iso.startsWith(prefix) || !iso.endsWith(letter)) continue;
    const amount = iso.slice(prefix.length, -1);
    if (/^(?:0|[1-9]\d*)$/.test(amount)) return { amount, unit };
  }
  return null;
}

export const isoAmount = ({ amount, unit }: DurationAmount): string =>
  `${durationUnits[unit].prefix}${amount.trim()}${durationUnits[unit].letter}`;

// The keys of a literal table are exactly its type's keys.
export const durationUnitNames = Object.keys(durationUnits) as DurationUnit[];
