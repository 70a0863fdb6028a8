import type { z } from "zod";
import { AppError } from "../errors";
import { jsonProblem } from "../events/schema";
import { knownKeys, unknownKeySentence } from "./known-keys";
import { sentenceOf } from "./sentences";

/** Definitions of automations may nest deeper than events. */
const depthMax = 100;

type Given = {
  query: Readonly<Record<string, unknown>>;
  body: unknown;
  params: Readonly<Record<string, string>>;
};

/**
 * Makes one input of path parameters, query and body, and parses it. Unknown keys are refused with the nearest known name; a path
 * parameter that cannot be one (an id that is no UUID) names nothing.
 * @throws AppError `validation_error`, `not_found`
 */
export function readInput<S extends z.ZodType>(schema: S, { query, body, params }: Given): z.output<S> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new AppError("validation_error", "The body must be a JSON object.");
  const problem = jsonProblem([query, body, params], depthMax);
  if (problem !== null) throw new AppError("validation_error", problem);
  const known = knownKeys(schema);
  const fromPath = Object.fromEntries(
    Object.entries(params).filter(([name]) => known === null || known.includes(name)),
  );
  const free = known?.filter((name) => !Object.hasOwn(params, name)) ?? null;
  const given: Record<string, unknown> = { ...query, ...body };
  const strange = free === null ? [] : Object.keys(given).filter((key) => !free.includes(key));
  if (free !== null && strange.length > 0) throw unknownKeys(schema, { given, strange, known: free });
  return parse(schema, { ...given, ...fromPath }, Object.keys(fromPath));
}

/** Parses what is not a request: a form's input. @throws AppError `validation_error` */
export function parse<S extends z.ZodType>(schema: S, value: unknown, pathNames: readonly string[] = []): z.output<S> {
  const parsed = schema.safeParse(value, { error: sentenceOf });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  if (issues.some(({ path }) => pathNames.includes(String(path[0])))) throw new AppError("not_found");
  const fields: Record<string, string[]> = {};
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(schema, issue.path) ?? [];
      for (const key of issue.keys) fields[[...issue.path, key].join(".")] = [unknownKeySentence(key, known)];
      continue;
    }
    const name = issue.path.join(".");
    fields[name] = [...(fields[name] ?? []), issue.message];
  }
  const [[at, [sentence]] = ["", [""]]] = Object.entries(fields) as [string, [string]][]; // each field has a sentence
  throw new AppError("validation_error", at === "" ? sentence : `${at}: ${sentence}`, { fields });
}

type Strange = { given: Readonly<Record<string, unknown>>; strange: readonly string[]; known: readonly string[] };

/** Keys that do not exist, and which given value is wrong besides: a key may be unknown only because of what another one says. */
function unknownKeys(schema: z.ZodType, { given, strange, known }: Strange): AppError {
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !strange.includes(key)));
  const sentences = strange.map((key) => [key, unknownKeySentence(key, known)] as const);
  const wrong = (schema.safeParse(rest, { error: sentenceOf }).error?.issues ?? []).find(({ path }) =>
    Object.hasOwn(rest, String(path[0])),
  );
  if (wrong) sentences.push([wrong.path.join("."), wrong.message]);
  const [[, first] = ["", ""]] = sentences;
  const detail = wrong ? `${first} ${wrong.path.join(".")}: ${wrong.message}` : first;
  return new AppError("validation_error", detail, {
    fields: Object.fromEntries(sentences.map(([at, text]) => [at, [text]])),
  });
}
