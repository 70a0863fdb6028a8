import * as z from "zod";

const faultActions = [
  "latency",
  "status",
  "resetBeforeAccept",
  "resetAfterAccept",
  "hangAfterAccept",
  "slowBody",
  "truncatedBody",
  "resetInBody",
  "closeIdle",
  "delayedAccept",
  "emptyOk",
  "partialBatch",
  "fewerAnswers",
  "indexLag",
  "neverIndexed",
  "pauseStream",
  "pauseAccount",
  "redirect",
] as const;

const faultPresets = ["429", "500-101", "503-100", "502-html", "415"] as const;

const ms = z.number().int().min(0);

/**
 * One thing that goes wrong. Matchers left out match everything; actions that concern acceptance apply to sends only unless
 * a path is given. Globs know `*` alone. The first rule that matches and is willing (nth, count, probability, window) acts.
 */
export const faultRule = z.strictObject({
  action: z.enum(faultActions),

  method: z.string().optional(),
  /** Glob on the path without the world's prefix. */
  path: z.string().optional(),
  token: z.string().optional(),
  stream: z.string().optional(),
  /** Glob on any address in To, Cc, Bcc of any item. */
  recipient: z.string().optional(),
  /** Key and glob of its value; any item. */
  metadata: z.strictObject({ key: z.string(), value: z.string() }).optional(),
  /** Only the nth match, counted from 1. */
  nth: z.number().int().min(1).optional(),
  /** At most so many times. */
  count: z.number().int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  /** Only between these moments, counted from the adding of the rule on the world's clock. */
  afterMs: ms.optional(),
  untilMs: ms.optional(),

  /** latency: fixed, or between minMs and maxMs. indexLag: the lag of the messages it meets. */
  ms: ms.optional(),
  minMs: ms.optional(),
  maxMs: ms.optional(),
  /** latency, status, emptyOk, redirect: whether the call is carried out first. Default: emptyOk and latency yes, the others no. */
  applyBefore: z.boolean().optional(),
  /** status: a number, or a preset; the body by kind. redirect: 302 or 307. */
  status: z.number().int().min(200).max(599).optional(),
  preset: z.enum(faultPresets).optional(),
  bodyKind: z.enum(["json", "html", "empty"]).optional(),
  json: z.unknown().optional(),
  retryAfterSeconds: z.number().int().min(0).optional(),
  /** slowBody: speed, and where it stops for good. truncatedBody, resetInBody: where the body is cut (half). */
  bytesPerSecond: z.number().min(1).optional(),
  stopAfterBytes: z.number().int().min(0).optional(),
  /** partialBatch: how many items are carried out. fewerAnswers: how many answers the list lacks, from its beginning (1). */
  items: z.number().int().min(0).optional(),
  /** redirect: where to; absent: to a place of this world that carries the call out and counts who comes (`followed`). */
  location: z.string().optional(),
});
export type FaultRule = z.infer<typeof faultRule>;
export type FaultAction = FaultRule["action"];

/** Actions that make sense on a send alone. */
export const sendActions: ReadonlySet<FaultAction> = new Set<FaultAction>([
  "resetAfterAccept",
  "hangAfterAccept",
  "delayedAccept",
  "emptyOk",
  "partialBatch",
  "fewerAnswers",
  "indexLag",
  "neverIndexed",
  "pauseStream",
  "pauseAccount",
]);

/** Whether text matches a glob in which `*` stands for any run of characters; case is ignored. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = glob.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`, "is").test(text);
}
