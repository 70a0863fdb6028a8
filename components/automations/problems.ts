import { type CreateAutomationInput, createAutomationInput } from "@/lib/automations/schema";
import { type Draft, type DraftStep, toDefinition } from "./draft";

/** Dotted path in the draft → what is wrong there. */
export type Problems = Record<string, string[]>;

type Checked = { ok: true; input: CreateAutomationInput } | { ok: false; problems: Problems };

/** A draft as it would be saved, judged by the schema that the server uses too. */
export const checkDraft = (draft: Draft): Checked => checkInput({ name: draft.name, ...toDefinition(draft) });

export function checkInput(input: unknown): Checked {
  const parsed = createAutomationInput.safeParse(input);
  if (parsed.success) return { ok: true, input: parsed.data };
  const problems: Problems = {};
  for (const issue of parsed.error.issues) {
    const path = issue.path.map(String).join(".");
    problems[path] = [...(problems[path] ?? []), issue.message];
  }
  return { ok: false, problems };
}

/** A part of the builder that opens and closes: a card, a step or a branch by its key. */
export type Part = "trigger" | "audience" | number;

/** The parts that must be open for a path to be seen, from the outside in. */
export function partsAlong(draft: Draft, path: string): Part[] {
  const [head, ...rest] = path.split(".");
  if (head === "trigger" || head === "audience") return [head];
  return head === "steps" ? inSteps(draft.steps, rest) : [];
}

function inSteps(steps: DraftStep[], [index, list, number, ...rest]: string[]): Part[] {
  const step = steps[Number(index)];
  if (index === undefined || step === undefined) return [];
  if (step.type !== "branch") return [step.key];
  if (list === "else") return [step.key, ...inSteps(step.else, [number ?? "", ...rest])];
  const branch = list === "branches" ? step.branches[Number(number)] : undefined;
  if (number === undefined || branch === undefined) return [step.key];
  const [field, ...inner] = rest;
  return [step.key, branch.key, ...(field === "steps" ? inSteps(branch.steps, inner) : [])];
}

/** Where a path leads, in the words of the screen: `Step “welcome”: Subject`. */
export function placeWords(draft: Draft, path: string): string {
  const steps = stepsAlong(draft.steps, path.split("."));
  const where = steps.at(-1) ?? "";
  const what = fieldWords(path);
  return [where, what].filter((word) => word !== "").join(": ");
}

function stepsAlong(steps: DraftStep[], path: string[]): string[] {
  const [head, index, list, number] = path;
  const step = head === "steps" || head === "else" ? steps[Number(index)] : undefined;
  if (index === undefined || step === undefined) return [];
  const mine = `Step “${step.id}”`;
  if (step.type !== "branch") return [mine];
  if (list === "else") return [mine, ...stepsAlong(step.else, path.slice(2))];
  const branch = list === "branches" ? step.branches[Number(number)] : undefined;
  if (number === undefined || branch === undefined) return [mine];
  const inside = stepsAlong(branch.steps, path.slice(4));
  return inside.length > 0 ? inside : [`${mine}, branch ${Number(number) + 1}`];
}

const words: Record<string, string> = {
  name: "Name",
  event: "Event",
  where: "Only if",
  source: "Source",
  audience: "Audience",
  reentry: "Re-entry",
  steps: "Steps",
  id: "Step id",
  email_provider_id: "Connection",
  subject: "Subject",
  html: "HTML body",
  text: "Text body",
  from_email: "From address",
  from_name: "From name",
  reply_to_email: "Reply-To",
  message_stream: "Message stream",
  for: "Wait for",
  time: "Time",
  weekdays: "Days",
  timezone: "Time zone",
  when: "Condition",
};

function fieldWords(path: string): string {
  const parts = path.split(".");
  const rule = parts.find((part) => part === "where" || part === "audience" || part === "when");
  if (rule !== undefined) return words[rule] ?? rule;
  const last = parts.findLast((part) => !/^\d+$/.test(part)) ?? "";
  // The path of a whole step ends with its place in the list.
  if (/^\d+$/.test(parts.at(-1) ?? "") && last === "steps") return "";
  return words[last] ?? last;
}

/** The step that a path leads to or into, the innermost one; null where there is none. */
export function findDraftStep(draft: Draft, path: string): DraftStep | null {
  const parts = partsAlong(draft, path);
  const search = (steps: DraftStep[]): DraftStep | null => {
    for (const step of steps) {
      const inside = step.type === "branch" ? [...step.branches.map((branch) => branch.steps), step.else] : [];
      const found = inside.map(search).find((result) => result !== null);
      if (found) return found;
      if (parts.includes(step.key)) return step;
    }
    return null;
  };
  return search(draft.steps);
}
