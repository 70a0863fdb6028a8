import { type HeldBy, isHeldBy, type Resolution, type Send } from "@/lib/sends/schema";
import { reasonWords } from "./event-words";

/** Where the fact that holds a send can be mended. */
type Mend = { href: string; label: string };
/** Why a send waits, what happens by itself (with `at`, when), who can mend it, and what a person may say about it. */
export type WaitingWords = {
  why: string;
  next: string;
  at: string | null;
  mend: Mend | null;
  choices: readonly Resolution[];
};

type Waiting = Pick<Send, "status" | "reason" | "due_at" | "automation_id" | "email_provider_id">;

/** Null for a send that does not wait for more than its turn. `path`: of the workspace. */
export function waitingWords(send: Waiting, path: string): WaitingWords | null {
  if (send.status === "unknown") return unknownWords(send);
  return send.status === "queued" && send.reason !== null ? heldWords(send, send.reason, path) : null;
}

function unknownWords({ reason, due_at: at, automation_id: automationId }: Waiting): WaitingWords {
  return {
    why: reasonWords(reason ?? "no_answer"),
    next:
      reason === "cannot_know"
        ? "Nothing tells by itself, unless the provider reports of it or can be asked again."
        : "It is looked up again, and settles itself once the provider shows it or surely has not got it.",
    at,
    mend: null,
    // A test has no run that it could leave from again.
    choices: automationId === null ? ["sent", "skip"] : ["sent", "again", "skip"],
  };
}

/** What ends each fact that holds sends, and where it is mended. */
const ends: Record<HeldBy, { next: string; at: "automation" | "connection" | null }> = {
  paused: { next: "It leaves once the automation is resumed.", at: "automation" },
  sending_stopped: { next: "It leaves once sending is resumed, above.", at: null },
  connection_failing: { next: "It leaves once the connection works again.", at: "connection" },
  connection_disabled: { next: "It leaves once the connection is enabled.", at: "connection" },
  stream_refused: { next: "It leaves once the provider takes it.", at: "connection" },
  account_refused: { next: "It leaves once the provider takes it.", at: "connection" },
};

function heldWords(send: Waiting, reason: string, path: string): WaitingWords {
  const words = { why: reasonWords(reason), at: null, mend: null, choices: [] };
  if (reason === "late")
    return { ...words, next: "Nothing happens until somebody decides.", choices: ["again", "skip"] };
  if (!isHeldBy(reason)) return { ...words, next: "It is tried again by itself.", at: send.due_at };
  const { next, at } = ends[reason];
  return { ...words, next, mend: at && mendOf(send, at, path) };
}

function mendOf(send: Waiting, at: "automation" | "connection", path: string): Mend | null {
  const { automation_id: automation, email_provider_id: connection } = send;
  if (at === "connection") return { href: `${path}/configuration/connections/${connection}`, label: "Open connection" };
  return automation === null ? null : { href: `${path}/automations/${automation}`, label: "Open automation" };
}
