import { type AutomationStatus, weekdays } from "@/lib/automations/schema";
import { describeDuration } from "@/lib/conditions/schema";
import type { DraftStep, DraftVariant } from "./draft";
import { traitWords } from "./trait-row";
import { shareWords } from "./variants";

export const dayWords: Record<(typeof weekdays)[number], string> = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
};

/** A step in one line, for its closed card. */
export function stepSummary(step: DraftStep): string {
  switch (step.type) {
    case "send_email":
      return step.subject.trim() === "" ? "No subject yet" : step.subject;
    case "delay":
      return delaySummary(step);
    case "branch":
      return `${step.branches.length === 1 ? "1 branch" : `${step.branches.length} branches`}, the first that fits is taken`;
    case "wait_for":
      return `${step.event || "No event yet"}, at most ${describeDuration(step.timeout)}`;
    case "split":
      return splitSummary(step.variants);
    case "update_profile":
      return step.set.length === 0 ? "No trait yet" : step.set.map(traitWords).join(", ");
    case "exit":
      return "The run ends here";
  }
}

function splitSummary(variants: readonly DraftVariant[]): string {
  const shares = shareWords(variants);
  return variants.map(({ id }, index) => `${id || "…"} ${shares[index]}`).join(", ");
}

function delaySummary({ for: duration, until }: Extract<DraftStep, { type: "delay" }>): string {
  const words = duration === null ? "" : describeDuration(duration);
  if (until === null) return words === "" ? "No time yet" : words;
  const days = until.weekdays === null ? "" : ` on ${daysWords(until.weekdays)}`;
  const zone = until.timezone === "profile" ? "the person’s time" : until.timezone;
  return `${words === "" ? "Until" : `${words}, then until`} ${until.time}${days} (${zone})`;
}

function daysWords(days: readonly (typeof weekdays)[number][]): string {
  const chosen = weekdays.filter((day) => days.includes(day)).join();
  if (chosen === "mon,tue,wed,thu,fri") return "weekdays";
  return weekdays.flatMap((day) => (days.includes(day) ? [dayWords[day]] : [])).join(", ");
}

/** What each status means, for those who see only the word. */
export const statusWords: Record<AutomationStatus, { label: string; means: string }> = {
  draft: { label: "Draft", means: "Never published. Nobody enters." },
  live: { label: "Live", means: "People enter and go on." },
  paused: { label: "Paused", means: "Nobody enters and nobody goes on until it is resumed." },
  archived: { label: "Archived", means: "Ended for good. Kept for its history." },
};
