/** How much the proofs do: little under `npm test`, in full under `npm run test:long`. No other file knows these figures. */

export type ProofScale = {
  full: boolean;
  /** What every random choice of a proof begins with: PROOF_SEED, else one that is printed. */
  seed: number;
  emails: number;
  /** Processes killed or stopped, or faults of their own kind, over those emails. */
  kills: number;
  /** Generated request bodies. */
  bodies: number;
  /** Emails for each single fault of the provider. */
  emailsPerFault: number;
  /** Of one test. In full it is as long as a slow machine needs: what must come in time has bounds of its own. */
  timeoutMs: number;
};

const seed = Number(process.env.PROOF_SEED ?? Date.now() % 1_000_000);

/** Set by scripts/test-long.ts: PROOF_SCALE=full, and PROOF_SEED for a run that is repeated. */
export function proofScale(): ProofScale {
  const full = process.env.PROOF_SCALE === "full";
  return full
    ? { full, seed, emails: 20_000, kills: 200, bodies: 100_000, emailsPerFault: 500, timeoutMs: 3_600_000 }
    : { full, seed, emails: 2_000, kills: 10, bodies: 5_000, emailsPerFault: 50, timeoutMs: 240_000 };
}

/** Chance that a seed repeats. `next()` is in [0, 1). */
export type Chance = {
  next(): number;
  /** A whole number from `from` to `to`, both possible. */
  between(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
};

/** mulberry32: small, and the same on every machine. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick(from) {
      const found = from[Math.floor(next() * from.length)];
      if (found === undefined) throw new Error("there is nothing to pick from");
      return found;
    },
  };
}
