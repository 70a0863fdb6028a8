import type { FaultRule } from "../../lib/sandbox";

/** Something that goes wrong at the provider. */
export type Trouble = {
  name: string;
  /** What becomes of a call that sends; without a path, so that it is made for /email/batch and /email each. */
  fault: FaultRule;
  /** Of the provider's server, until the trouble is over. */
  settings?: Record<string, unknown>;
  /** What becomes of the search meanwhile: until the trouble is over nobody can know, so nothing may be sent again. */
  blind?: FaultRule | "settings";
  /** Who is never written to. */
  poison?: string;
};

const search = "/messages/outbound";
const nothingFound: FaultRule = {
  action: "status",
  status: 200,
  json: { TotalCount: 0, Messages: [] },
  path: search,
};
const after = { applyBefore: true } as const;
const poison = "poison@example.com";

/** Everything that the table of the issue names, each with its own server. */
export const troubles: readonly Trouble[] = [
  { name: "reset before accepting", fault: { action: "resetBeforeAccept" } },
  { name: "reset after accepting", fault: { action: "resetAfterAccept" } },
  { name: "half a batch, then reset", fault: { action: "partialBatch", items: 20 } },
  { name: "500 after accepting", fault: { action: "status", preset: "500-101", ...after } },
  { name: "500 before accepting", fault: { action: "status", preset: "500-101" } },
  { name: "502 after accepting", fault: { action: "status", preset: "502-html", ...after } },
  { name: "502 before accepting", fault: { action: "status", preset: "502-html" } },
  { name: "truncated body", fault: { action: "truncatedBody" } },
  { name: "stalled body", fault: { action: "slowBody", bytesPerSecond: 1_000, stopAfterBytes: 10 } },
  { name: "reset in the body", fault: { action: "resetInBody" } },
  { name: "no answer at all", fault: { action: "hangAfterAccept" } },
  { name: "empty answer", fault: { action: "emptyOk" } },
  { name: "accepted with delay", fault: { action: "delayedAccept" } },
  { name: "429", fault: { action: "status", preset: "429" } },
  { name: "429 with Retry-After", fault: { action: "status", preset: "429", retryAfterSeconds: 2 } },
  { name: "503", fault: { action: "status", preset: "503-100" } },
  { name: "503 of an edge, after accepting", fault: { action: "status", status: 503, bodyKind: "html", ...after } },
  { name: "307 before accepting", fault: { action: "redirect", status: 307 } },
  { name: "302 after accepting", fault: { action: "redirect", status: 302, ...after } },
  {
    name: "whole batch refused for one item",
    fault: {
      action: "status",
      status: 422,
      json: { ErrorCode: 403, Message: "Invalid request field(s): 'Subject'." },
      recipient: poison,
    },
    poison,
  },
  { name: "fewer answers than messages", fault: { action: "fewerAnswers", items: 1 } },
  {
    name: "search lags for longer than promised",
    fault: { action: "resetAfterAccept" },
    settings: { indexLagMs: 3_000 },
  },
  {
    name: "search lags, and nothing was taken",
    fault: { action: "resetBeforeAccept" },
    settings: { indexLagMs: 3_000 },
  },
  {
    name: "paused account: accepted and invisible",
    fault: { action: "resetAfterAccept" },
    settings: { accountPaused: true },
    blind: "settings",
  },
  { name: "search blind, all was taken", fault: { action: "resetAfterAccept" }, blind: nothingFound },
  { name: "search blind, nothing was taken", fault: { action: "resetBeforeAccept" }, blind: nothingFound },
  { name: "search blind, half was taken", fault: { action: "partialBatch", items: 20 }, blind: nothingFound },
  {
    name: "701 instead of details",
    fault: { action: "hangAfterAccept" },
    blind: { action: "status", status: 422, json: { ErrorCode: 701, Message: "No such message." }, path: `${search}*` },
  },
];

/** All of them at once on one server, each on few calls. */
export const mixture = (probability: number): FaultRule[] =>
  troubles
    .filter(({ poison: bad, blind }) => bad === undefined && blind === undefined)
    .flatMap(({ fault }) => ["/email/batch", "/email"].map((path) => ({ ...fault, path, probability })));
