import { readNumber } from "@/components/conditions/rule";

/** What a trait is set to. `remove` takes it away; `json` is what only the API can say: a list, or an object. */
export const traitKinds = {
  text: "Text",
  number: "Number",
  boolean: "True/false",
  remove: "Remove it",
  json: "JSON",
} as const;
export type TraitKind = keyof typeof traitKinds;

/** A trait and its value while they are typed: the value as a text, of a kind that stays what was chosen. */
export type TraitRow = { name: string; kind: TraitKind; text: string };

export const newTrait = (): TraitRow => ({ name: "", kind: "text", text: "" });

/** The row that says a trait's value. */
export function readTrait(name: string, value: unknown): TraitRow {
  if (value === null || value === undefined) return { name, kind: "remove", text: "" };
  if (typeof value === "string") return { name, kind: "text", text: value };
  if (typeof value === "number") return { name, kind: "number", text: String(value) };
  if (typeof value === "boolean") return { name, kind: "boolean", text: String(value) };
  return { name, kind: "json", text: JSON.stringify(value) };
}

/** The traits that rows say, for the schema to judge. What a row cannot say yet is its text; `traitProblem` tells. */
export const writeTraits = (rows: readonly TraitRow[]): Record<string, unknown> =>
  Object.fromEntries(rows.map((row) => [row.name, valueIn(row)]));

function valueIn({ kind, text }: TraitRow): unknown {
  switch (kind) {
    case "text":
      return text;
    case "number":
      return readNumber(text) ?? text;
    case "boolean":
      return text === "true";
    case "remove":
      return null;
    case "json":
      return readJson(text)?.value ?? text;
  }
}

/** The same trait with a value of another kind, the text carried over as far as it has a meaning there. */
export function withKind(row: TraitRow, kind: TraitKind): TraitRow {
  if (kind === "boolean") return { ...row, kind, text: row.text === "false" ? "false" : "true" };
  if (kind === "remove") return { ...row, kind, text: "" };
  if (kind === "number") return { ...row, kind, text: readNumber(row.text) === null ? "" : row.text };
  return { ...row, kind, text: row.kind === "boolean" ? "" : row.text };
}

/** What the schema cannot see, because it gets one value for each name; null where all is well. */
export function traitProblem(
  rows: readonly TraitRow[],
  index: number,
): { at: "name" | "value"; sentence: string } | null {
  const row = rows[index];
  if (row === undefined) return null;
  if (rows.findIndex(({ name }) => name === row.name) < index)
    return { at: "name", sentence: `“${row.name}” is set above already.` };
  if (row.kind === "number" && readNumber(row.text) === null) return { at: "value", sentence: "Give a number." };
  if (row.kind === "json" && readJson(row.text) === null) return { at: "value", sentence: "This is not JSON." };
  return null;
}

/** A row as a clause: `plan = "pro"`, `removes trial`. */
export function traitWords({ name, kind, text }: TraitRow): string {
  const trait = name || "…";
  if (kind === "remove") return `removes ${trait}`;
  return `${trait} = ${kind === "text" ? `“${text}”` : text || "…"}`;
}

function readJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
