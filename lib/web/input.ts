import type { z } from "zod";
import { AppError, invalidField } from "../errors";
import { jsonProblem } from "../events/schema";
import { knownKeys, unknownKeySentence } from "./known-keys";

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
  for (const key of [...Object.keys(query), ...Object.keys(body)])
    if (free !== null && !free.includes(key)) throw unknownKey(key, [key], free);
  return parse(schema, { ...query, ...body, ...fromPath }, Object.keys(fromPath));
}

/** Parses what is not a request: a form's input. @throws AppError `validation_error` */
export function parse<S extends z.ZodType>(schema: S, value: unknown, pathNames: readonly string[] = []): z.output<S> {
  const parsed = schema.safeParse(value);
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

const unknownKey = (key: string, path: readonly string[], known: readonly string[]): AppError =>
  invalidField(path.join("."), unknownKeySentence(key, known));
