import type { z } from "zod";

const nouns: Partial<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

/** What to tell of a value for which its schema has no words of its own; zod's own words where there is nothing better. */
export function sentenceOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    if (issue.input === undefined) return "This is required.";
    const noun = nouns[issue.expected];
    return noun === undefined ? undefined : `This must be ${noun}.`;
  }
  if (issue.code === "invalid_value") return `Choose one of ${issue.values.map(String).join(", ")}.`;
  if (issue.code === "too_small" && isNumber(issue.origin))
    return `Use ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}.`;
  if (issue.code === "too_big" && isNumber(issue.origin))
    return `Use ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}.`;
  return undefined;
}

const isNumber = (origin: string): boolean => origin === "number" || origin === "int";
