import {
  Ban,
  CircleCheck,
  CircleX,
  Clock,
  DoorClosed,
  FastForward,
  GitBranch,
  Info,
  LogIn,
  LogOut,
  type LucideIcon,
  MailPlus,
  Pause,
  PencilLine,
  Send,
  Shuffle,
  SkipForward,
} from "lucide-react";
import type { Tone } from "@/components/ui/tone";

type Look = { title: string; icon: LucideIcon; tone: Tone };

/** How each kind of decision looks in a trail. */
const looks: Record<string, Look> = {
  entered: { title: "Entered", icon: LogIn, tone: "good" },
  waited: { title: "Waited", icon: Clock, tone: "neutral" },
  branched: { title: "Took a way", icon: GitBranch, tone: "accent" },
  queued: { title: "Email queued", icon: MailPlus, tone: "info" },
  sent: { title: "Email sent", icon: Send, tone: "good" },
  skipped: { title: "Email skipped", icon: SkipForward, tone: "neutral" },
  failed: { title: "Email failed", icon: CircleX, tone: "bad" },
  held: { title: "Email held", icon: Pause, tone: "warn" },
  suppressed: { title: "Address suppressed", icon: Ban, tone: "bad" },
  updated: { title: "Person updated", icon: PencilLine, tone: "neutral" },
  passed: { title: "Step passed over", icon: FastForward, tone: "neutral" },
  moved: { title: "Moved to a new version", icon: Shuffle, tone: "info" },
  exited: { title: "Left", icon: LogOut, tone: "neutral" },
  completed: { title: "Completed", icon: CircleCheck, tone: "good" },
  not_entered: { title: "Did not enter", icon: DoorClosed, tone: "neutral" },
};

/** A kind that a newer release wrote is shown by its name. */
export const lookOf = (kind: string): Look =>
  (Object.hasOwn(looks, kind) ? looks[kind] : undefined) ?? { title: spelled(kind), icon: Info, tone: "neutral" };

const spelled = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ");

const moment = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/g;
export type Part = { text: string } | { at: string };

/** A sentence of the API, its moments set apart, so that they can be shown in the reader's own zone. */
export function partsOf(sentence: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of sentence.matchAll(moment)) {
    const at = `${match[1]}T${match[2]}Z`;
    if (Number.isNaN(Date.parse(at))) continue; // a name that only looks like one
    parts.push({ text: sentence.slice(from, match.index) }, { at });
    from = match.index + match[0].length;
  }
  return [...parts, { text: sentence.slice(from) }].filter((part) => "at" in part || part.text !== "");
}

/** `told`: in our words, so that its moments are shown in the reader's zone; what a person gave is shown as it was looked at. */
export type ShownValue = { name: string; value: string; told: boolean };

const names: Record<string, string> = {
  conditions: "Asked",
  enrollment_id: "Run",
  entered_at: "Entered",
  again_from: "Again from",
  published_at: "Published",
  paused_at: "Paused",
  resumed_at: "Resumed",
  stopped_at: "Stopped",
  archived_at: "Archived",
  starts_on: "Starts on",
  tries: "Calls so far",
};

/** What was looked at, as names and values: the values of fields stand by their fields, everything else by its name. */
export function shownValues(details: Readonly<Record<string, unknown>>): ShownValue[] {
  const { values, ...rest } = details;
  const fields = typeof values === "object" && values !== null ? Object.entries(values) : [];
  const named = Object.entries(rest).filter(([, value]) => value !== null);
  return [
    ...named.map(([name, value]) => ({ name: names[name] ?? spelled(name), value: written(value), told: true })),
    ...fields.map(([name, value]) => ({ name, value: value === null ? "not set" : written(value, true), told: false })),
  ];
}

const instant = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/;

/** Text of people stands in quotes, so that an empty one and a number in a text can be told apart. Moments of ours are as in sentences. */
function written(value: unknown, quoted = false): string {
  if (typeof value === "string") return quoted ? `“${value}”` : value.replace(instant, "$1 $2 UTC");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
