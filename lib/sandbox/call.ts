import type { Answer } from "./answer";
import { refuse } from "./answer";
import type { Message, WorldState } from "./state";

/** One request to the emulated API, read to its end. */
export type Call = {
  method: string;
  /** Below the world, as sent. */
  path: string;
  /** Path parameters in the route's order. */
  params: string[];
  /** Keys in lower case; the first of each. */
  query: Map<string, string>;
  headers: Record<string, string | undefined>;
  body: Buffer;
  /** The body was longer than anything that is read. */
  tooLong: boolean;
  /** Parsed body, once the pipeline has accepted it. */
  json: unknown;
  testToken: boolean;
  effects: SendEffects;
};

/** What a fault rule does to the messages of a call. */
export type SendEffects = {
  /** Only so many items of a batch are carried out. */
  itemsMax: number | null;
  /** Per message. */
  marks: (message: { stream: string; recipients: { email: string }[]; metadata: Record<string, string> }) => {
    indexLag: Message["indexLag"];
    heldBy: string | null;
  };
  delayedAnswer: boolean;
};

export const noEffects: SendEffects = {
  itemsMax: null,
  marks: () => ({ indexLag: null, heldBy: null }),
  delayedAnswer: false,
};

export type Handler = (world: WorldState, call: Call) => Answer | Promise<Answer>;

/** Reads count and offset, both required; refusals carry the family's code. */
export function readPage(
  call: Call,
  rule: { code: number; countMax: number; sumMax: number },
): { count: number; offset: number } | { refusal: Answer } {
  const [count, offset] = [call.query.get("count"), call.query.get("offset")].map(wholeNumber);
  const no = (why: string) => ({ refusal: refuse(rule.code, `Sandbox text: ${why}`) });
  if (count === undefined || offset === undefined) return no("count and offset are required, as whole numbers.");
  if (count < 1 || count > rule.countMax) return no(`count must be between 1 and ${rule.countMax}.`);
  if (count + offset > rule.sumMax) return no(`count plus offset exceeds ${rule.sumMax}.`);
  return { count, offset };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
