import { newComparison } from "@/components/conditions/rule";
import type { Draft, DraftBranch, DraftStep, DraftVariant, StepType } from "./draft";
import { freshKey, idsIn } from "./draft-tree";
import { newTrait } from "./trait-row";

/** What the builder calls each type, and how its ids begin. In the order of the menu. */
export const stepWords: Record<StepType, { label: string; hint: string; id: string }> = {
  send_email: { label: "Send email", hint: "One email through a connection", id: "email" },
  delay: { label: "Wait", hint: "For a time, or until a time of day", id: "wait" },
  wait_for: { label: "Wait for event", hint: "Go on by whether somebody does something in time", id: "wait-for" },
  branch: { label: "Branch", hint: "Go on by conditions", id: "branch" },
  split: { label: "Split", hint: "Go on by chance, in shares", id: "split" },
  update_profile: { label: "Update profile", hint: "Set or remove traits of the person", id: "update" },
  exit: { label: "Exit", hint: "End the run here", id: "exit" },
};
// The keys of a literal table are exactly its type's keys.
export const stepTypes = Object.keys(stepWords) as StepType[];

/** Steps that hold lists of steps: they nest. */
export const nestingTypes: ReadonlySet<StepType> = new Set<StepType>(["branch", "wait_for", "split"]);

/** A step to start from: complete but for what only a person can say. */
export function newStep(type: StepType, draft: Draft, connectionId: string | null): DraftStep {
  const id = freshId(stepWords[type].id, new Set(idsIn(draft.steps)));
  const key = freshKey(draft);
  switch (type) {
    case "send_email":
      return newEmail(key, id, connectionId);
    case "delay":
      return { key, id, type, for: "P1D", until: null };
    case "wait_for":
      return { key, id, type, event: "", where: null, timeout: "P1D", then: [], else: [] };
    case "branch":
      return { key, id, type, branches: [newBranch(key + 1)], else: [] };
    case "split": {
      const first: DraftVariant = { key: key + 1, id: "a", weight: 50, steps: [] };
      return { key, id, type, variants: [first, { ...first, key: key + 2, id: "b" }] };
    }
    case "update_profile":
      return { key, id, type, set: [{ ...newTrait(), key: key + 1 }] };
    case "exit":
      return { key, id, type };
  }
}

const newEmail = (key: number, id: string, connectionId: string | null): DraftStep => ({
  key,
  id,
  type: "send_email",
  email_provider_id: connectionId,
  subject: "",
  html: null,
  text: null,
  template_id: null,
  from_email: null,
  from_name: null,
  reply_to_email: null,
  message_stream: null,
});

export const newBranch = (key: number): DraftBranch => ({ key, when: newComparison(), steps: [] });

/** The first of base, base-2, base-3… that is not taken. */
export function freshId(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
