import type { Template } from "liquidjs";
import { BoundedCache } from "./cache";
import type { Dialect } from "./engine";
import { parse, run } from "./liquid";
import type {
  MessagePart,
  MessageParts,
  MessageVariables,
  ParseProblem,
  RenderProblem,
  TemplateProblem,
} from "./schema";

const dialects: Record<MessagePart, Dialect> = { subject: "plain", html: "html", text: "plain", fromName: "plain" };
const partNames = ["subject", "html", "text", "fromName"] as const;

/** A message that is parsed; good for any number of renderings. */
export type CompiledMessage = {
  readonly [P in MessagePart]: Template[] | (null extends MessageParts[P] ? null : never);
};

/** Parsed texts, so that the hundreds of messages of one step parse it once. The weight is the text's length. */
const parsed = new BoundedCache<Template[]>({ entriesMax: 500, weightMax: 8_000_000 });

/** Does this text parse? @returns null, or where and why not */
export function checkTemplate(text: string): ParseProblem | null {
  const result = parse(text, "plain");
  return Array.isArray(result) ? null : result;
}

type Compiling = { ok: true; message: CompiledMessage } | { ok: false; problems: TemplateProblem[] };

/** Parses all texts of a message. @returns the compiled message, or every text's first problem */
export function compileMessage(parts: MessageParts): Compiling {
  const problems: TemplateProblem[] = [];
  const compile = (part: MessagePart, text: string): Template[] => {
    const result = parseOnce(text, dialects[part]);
    if (Array.isArray(result)) return result;
    problems.push({ part, ...result });
    return [];
  };
  const optional = (part: MessagePart) => {
    const text = parts[part];
    return text === null ? null : compile(part, text);
  };
  const message = {
    subject: compile("subject", parts.subject),
    html: optional("html"),
    text: optional("text"),
    fromName: optional("fromName"),
  };
  return problems.length === 0 ? { ok: true, message } : { ok: false, problems };
}

type Rendering = ({ ok: true } & MessageParts) | { ok: false; problem: RenderProblem };

/**
 * Renders a compiled message for one person. Same message, variables and `now`: same texts. Never throws for what the
 * template or the data do. Line breaks and control characters in subject and sender's name become single spaces.
 */
export function renderMessage(message: CompiledMessage, variables: MessageVariables, now: Date): Rendering {
  const texts: MessageParts = { subject: "", html: null, text: null, fromName: null };
  for (const part of partNames) {
    const template = message[part];
    if (template === null) continue;
    const result = run(template, dialects[part], { variables, now });
    if ("kind" in result) return { ok: false, problem: { ...result, part } };
    texts[part] = part === "subject" || part === "fromName" ? oneLine(result.text) : result.text;
  }
  return { ok: true, ...texts };
}

/** A text that is safe in a header. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();

function parseOnce(text: string, dialect: Dialect): Template[] | ParseProblem {
  const key = `${dialect} ${text}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const result = parse(text, dialect);
  if (Array.isArray(result)) parsed.set(key, result, text.length);
  return result;
}
