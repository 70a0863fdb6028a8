/** The texts of one message, as written. `fromName` may hold Liquid as well. */
export type MessageParts = { subject: string; html: string | null; text: string | null; fromName: string | null };
export type MessagePart = keyof MessageParts;

/** Where a text does not parse. Lines and columns count from 1. */
export type ParseProblem = { line: number; column: number; message: string };
export type TemplateProblem = ParseProblem & { part: MessagePart };

/**
 * Why a message could not be rendered. `render_limit`: it takes more work than a message may; it would again, so trying
 * again is of no use. `render_error`: what a filter was given made no sense, such as an unreadable `url_decode`.
 */
export type RenderProblem = { kind: "render_limit"; part: MessagePart } | ({ kind: "render_error" } & TemplateProblem);

/** What a text may name. `unsubscribe_url` comes out as it is, even where HTML is escaped. */
export type MessageVariables = {
  profile: Readonly<Record<string, unknown>>;
  event: Readonly<Record<string, unknown>>;
  event_name: string;
  /** ISO 8601. */
  event_time: string;
  workspace: Readonly<Record<string, unknown>>;
  unsubscribe_url: string;
};

/** The longest text that is parsed, in characters. */
export const templateLengthMax = 1_048_576;

export { withUnsubscribeFooter } from "./unsubscribe-footer";
