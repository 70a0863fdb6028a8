import {
  Context,
  type Liquid,
  LiquidError,
  Parser,
  TagToken,
  type Template,
  Tokenizer,
  type TopLevelToken,
  TypeGuards,
  toValueSync,
} from "liquidjs";
import { type Dialect, engines } from "./engine";
import { type MessageVariables, type ParseProblem, templateLengthMax } from "./schema";

/** What stands between one pair of braces. More would be a program, and one that no limit interrupts. */
const tagLengthMax = 10_000;
/** Tags and outputs of one text. */
const tagsMax = 20_000;

/** Parses a text. @returns what `run` takes, or where and why it does not parse */
export function parse(text: string, dialect: Dialect): Template[] | ParseProblem {
  if (text.length > templateLengthMax) return { line: 1, column: 1, message: "The template is longer than 1 MB." };
  try {
    const liquid = engines[dialect];
    const tokens = new Tokenizer(hidePlaceholders(text), liquid.options.operators).readTopLevelTokens(liquid.options);
    const tooMuch = checkSize(tokens);
    if (tooMuch !== null) return tooMuch;
    return new Parser(liquid).parseTokens(tokens.map((token) => reveal(token, text, liquid)));
  } catch (thrown) {
    return problemOf(thrown);
  }
}

/** Covers the provider's own `{{{ pm:… }}}` with letters of the same number, so that it is plain text to the tokenizer and every position stays right. */
const hidePlaceholders = (text: string) =>
  text.replace(/\{\{\{\s*pm:[^{}\r\n]*\}\}\}/g, (placeholder) => "x".repeat(placeholder.length));

/** The token with the text as it was written. */
function reveal(token: TopLevelToken, text: string, liquid: Liquid): TopLevelToken {
  if (TypeGuards.isTagToken(token)) return new TagToken(text, token.begin, token.end, liquid.options);
  token.input = text;
  return token;
}

function checkSize(tokens: TopLevelToken[]): ParseProblem | null {
  const tags = tokens.filter((token) => TypeGuards.isDelimitedToken(token));
  const long = tags.find((token) => token.size() > tagLengthMax);
  const surplus = long ?? tags[tagsMax];
  if (surplus === undefined) return null;
  const [line = 1, column = 1] = surplus.getPosition();
  const message = long ? `One tag is longer than ${tagLengthMax} characters.` : `There are more than ${tagsMax} tags.`;
  return { line, column, message };
}

type Running = { variables: MessageVariables; now: Date };
export type Rendered = { text: string } | { kind: "render_limit" } | ({ kind: "render_error" } & ParseProblem);

/** Renders what `parse` made. Never throws: what goes wrong is a value. `now` is what `date: "now"` means. */
export function run(template: Template[], dialect: Dialect, { variables, now }: Running): Rendered {
  const liquid = engines[dialect];
  // A copy, because `increment` writes into what it is given; without a prototype, so that no name is inherited.
  const scope: object = Object.assign(Object.create(null), variables);
  const context = new Context(scope, liquid.options, { sync: true }, { liquid });
  context.setRegister("nowSeconds", now.getTime() / 1_000);
  context.setRegister("verbatim", variables.unsubscribe_url);
  try {
    return { text: String(toValueSync(liquid.renderer.renderTemplates(template, context))) };
  } catch (thrown) {
    return isLimit(thrown) ? { kind: "render_limit" } : { kind: "render_error", ...problemOf(thrown) };
  }
}

/** LiquidJS's limits are assertions; the engine's own are range errors: a text, a list or a stack that grew too large. */
function isLimit(thrown: unknown): boolean {
  const cause = LiquidError.is(thrown) ? (thrown.originalError ?? thrown) : thrown;
  if (!(cause instanceof Error)) return false;
  return cause instanceof RangeError || (cause.name === "AssertionError" && cause.message.endsWith(" limit exceeded"));
}

function problemOf(thrown: unknown): ParseProblem {
  if (!(thrown instanceof Error)) throw thrown;
  if (!LiquidError.is(thrown)) return { line: 1, column: 1, message: sentence(thrown) };
  const [line = 1, column = 1] = thrown.token.getPosition();
  return { line, column, message: sentence(thrown.originalError ?? thrown) };
}

/** LiquidJS's words without the position that it appends. */
function sentence({ name, message }: Error): string {
  // Only the stack can run out of range while parsing.
  if (name === "RangeError") return "This is nested too deeply.";
  const words = message.replace(/(?:, file:.*)?, line:\d+, col:\d+$/s, "");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
