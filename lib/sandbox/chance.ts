/** A repeatable source of chance. Not for secrets: the sandbox keeps none worth guessing. */
export type Chance = {
  /** 0 ≤ n < 1. */
  next(): number;
  /** Random version 4 UUID, lower case. */
  guid(): string;
  /** Enough to go on from here after a restart. */
  state(): number[];
};

/** Chance from a text, or from a state saved earlier (sfc32: 128 bits of state, so that GUIDs do not repeat). */
export function seededChance(seed: string | number[]): Chance {
  let [a, b, c, d] = typeof seed === "string" ? hash(seed) : restored(seed);
  const word = () => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  // The first words still show the seed.
  if (typeof seed === "string") for (let i = 0; i < 12; i++) word();
  return {
    next: () => word() / 2 ** 32,
    guid: () => {
      const hex = Array.from({ length: 4 }, () => word().toString(16).padStart(8, "0")).join("");
      const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
    state: () => [a, b, c, d],
  };
}

function hash(text: string): [number, number, number, number] {
  const word = (start: number) => {
    let h = start;
    for (const character of text) h = Math.imul(h ^ (character.codePointAt(0) ?? 0), 16777619);
    return h | 0;
  };
  return [word(0x811c9dc5), word(0x01000193), word(0x9e3779b9), word(0x85ebca6b)];
}

function restored(state: number[]): [number, number, number, number] {
  const [a = 1, b = 2, c = 3, d = 4] = state;
  return [a, b, c, d];
}
