import type { DraftVariant } from "./draft";

const weightOf = ({ weight }: Pick<DraftVariant, "weight">): number =>
  typeof weight === "number" && weight > 0 ? weight : 0;

/** A list of variants with one more: the next free letter, and the others' mean as its weight. */
export const withVariant = (variants: readonly DraftVariant[], key: number): DraftVariant[] => [
  ...variants,
  { key, id: freeLetter(variants), weight: meanWeight(variants), steps: [] },
];

/** The same variants, each as likely as any other. */
export const equalised = (variants: readonly DraftVariant[]): DraftVariant[] =>
  variants.map((variant) => ({ ...variant, weight: meanWeight(variants) }));

export const areEqual = (variants: readonly DraftVariant[]): boolean =>
  variants.every(({ weight }) => weight === variants[0]?.weight);

function meanWeight(variants: readonly DraftVariant[]): number {
  const sum = variants.reduce((total, variant) => total + weightOf(variant), 0);
  return Math.min(1_000, Math.max(1, Math.round(sum / Math.max(1, variants.length))));
}

/** How likely each is, in percent: `50 %`, `33.3 %`, `<0.1 %`. Dashes while no weight is a number. */
export function shareWords(variants: readonly Pick<DraftVariant, "weight">[]): string[] {
  const sum = variants.reduce((total, variant) => total + weightOf(variant), 0);
  return variants.map((variant) => {
    if (sum === 0) return "–";
    const percent = (weightOf(variant) * 100) / sum;
    if (percent > 0 && percent < 0.1) return "<0.1 %";
    return `${percent.toLocaleString("en", { maximumFractionDigits: 1 })} %`;
  });
}

function freeLetter(variants: readonly DraftVariant[]): string {
  const taken = new Set(variants.map(({ id }) => id));
  const letter = [..."abcdefghijklmnopqrstuvwxyz"].find((one) => !taken.has(one));
  return letter ?? `v${variants.length + 1}`;
}
