import type { SplitStep } from "../automations/schema";

type Variant = SplitStep["variants"][number];

/**
 * Which variant of a split a person gets: by weight, the same one whenever it is asked, and independent of what they get elsewhere.
 * Whoever changes weights or the order of variants deals anew.
 */
export function variantFor(step: SplitStep, who: { automationId: string; personId: string }): Variant {
  const total = step.variants.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = fraction(`${who.automationId} ${step.id} ${who.personId}`) * total;
  let reached = 0;
  for (const variant of step.variants) {
    reached += variant.weight;
    if (drawn < reached) return variant;
  }
  throw new Error(`the split ${step.id} has no variants`);
}

/** A number in [0, 1) that depends on every bit of the text: FNV-1a, then a finalizer that spreads each bit over all 32. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
