import { type CreateAutomationInput, createAutomationInput } from "@/lib/automations/schema";
import { type Draft, type DraftStep, toDefinition } from "./draft";
import { onScreen, ownProblems, type Problems } from "./draft-problems";
import { waysOf } from "./draft-tree";

export type { Problems } from "./draft-problems";

type Checked = { ok: true; input: CreateAutomationInput } | { ok: false; problems: Problems };

/** A draft as it would be saved, judged by the schema that the server uses too. */
export function checkDraft(draft: Draft): Checked {
  const own = ownProblems(draft);
  const checked = checkInput({ name: draft.name, ...toDefinition(draft) });
  if (checked.ok && Object.keys(own).length === 0) return checked;
  return { ok: false, problems: { ...(checked.ok ? {} : onScreen(draft, checked.problems)), ...own } };
}

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
export type Part = "trigger" | "audience" | "exit_when" | number;

const isFixed = (name: string): name is Extract<Part, string> => ["trigger", "audience", "exit_when"].includes(name);

/** The parts that must be open for a path to be seen, from the outside in. */
export function partsAlong(draft: Draft, path: string): Part[] {
  const [head, ...rest] = path.split(".");
  if (head === undefined) return [];
  if (isFixed(head)) return [head];
  return head === "steps" ? stepsAlong(draft.steps, rest).flatMap(partsOf) : [];
}

/** A branch's condition opens on its own. */
function partsOf({ step, branch }: Along): Part[] {
  const way = step.type === "branch" && branch !== null ? step.branches[branch] : undefined;
  return way === undefined ? [step.key] : [step.key, way.key];
}

/** A step that a path leads to or through, and the number of the branch or variant that it goes into. */
type Along = { step: DraftStep; branch: number | null };

/** The steps along a path, from the outside in; `path` begins behind the name of the list. */
function stepsAlong(steps: readonly DraftStep[], [index, ...rest]: string[]): Along[] {
  const step = steps[Number(index)];
  if (index === undefined || step === undefined) return [];
  const numbered = rest[0] === "branches" || rest[0] === "variants";
  const branch = numbered && rest[1] !== undefined ? Number(rest[1]) : null;
  const way = waysOf(step).find(({ path }) => path.every((part, at) => String(part) === rest[at]));
  return [{ step, branch }, ...(way ? stepsAlong(way.steps, rest.slice(way.path.length)) : [])];
}

/** Where a path leads, in the words of the screen: `Step “welcome”: Subject`. */
export function placeWords(draft: Draft, path: string): string {
  return [whereWords(draft, path), fieldWords(path)].filter((word) => word !== "").join(": ");
}

function whereWords(draft: Draft, path: string): string {
  const [head, ...rest] = path.split(".");
  if (head === "exit_when") return rest[0] === undefined ? "" : `Exit rule ${Number(rest[0]) + 1}`;
  const last = head === "steps" ? stepsAlong(draft.steps, rest).at(-1) : undefined;
  if (last === undefined) return "";
  const { step, branch } = last;
  if (branch !== null && step.type === "branch") return `Step “${step.id}”, branch ${branch + 1}`;
  if (branch !== null && step.type === "split") return `Step “${step.id}”, variant ${branch + 1}`;
  return `Step “${step.id}”`;
}

const words: Record<string, string> = {
  name: "Name",
  event: "Event",
  once_every: "At most once every",
  exit_when: "Exit rules",
  on_unsubscribe: "When someone unsubscribes",
  timeout: "Wait at most",
  variants: "Variants",
  weight: "Weight",
  set: "Traits",
  value: "Value",
  where: "Only if",
  source: "Source",
  audience: "Audience",
  reentry: "Re-entry",
  steps: "Steps",
  then: "When it happens",
  else: "Otherwise",
  branches: "Branches",
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
  if (last === "name" && parts.includes("set")) return "Trait";
  if (last === "id" && parts.at(-3) === "variants") return "Name";
  // The path of a whole step, or of a whole exit rule, ends with its place in the list.
  if (/^\d+$/.test(parts.at(-1) ?? "") && ["steps", "then", "else", "exit_when"].includes(last)) return "";
  return words[last] ?? last;
}

/** The step that a path leads to or into, the innermost one; null where there is none. */
export function findDraftStep(draft: Draft, path: string): DraftStep | null {
  const [head, ...rest] = path.split(".");
  return head === "steps" ? (stepsAlong(draft.steps, rest).at(-1)?.step ?? null) : null;
}
