import type { Resolution, Send } from "@/lib/sends/schema";
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

function heldWords(
  { automation_id, email_provider_id, due_at: at }: Waiting,
  reason: string,
  path: string,
): WaitingWords {
  const connection = (label: string): Mend => ({
    href: `${path}/configuration/connections/${email_provider_id}`,
    label,
  });
  const words = { why: reasonWords(reason), at: null, mend: null, choices: [] };
  switch (reason) {
    case "late":
      return { ...words, next: "Nothing happens until somebody decides.", choices: ["again", "skip"] };
    case "paused":
      return {
        ...words,
        next: "It leaves once the automation is resumed.",
        mend:
          automation_id === null ? null : { href: `${path}/automations/${automation_id}`, label: "Open automation" },
      };
    case "sending_stopped":
      return { ...words, next: "It leaves once sending is resumed, above." };
    case "connection_failing":
      return { ...words, next: "It leaves once the connection works again.", mend: connection("Open connection") };
    case "connection_disabled":
      return { ...words, next: "It leaves once the connection is enabled.", mend: connection("Open connection") };
    case "stream_refused":
    case "account_refused":
      return { ...words, next: "It leaves once the provider takes it.", mend: connection("Open connection") };
    default:
      return { ...words, next: "It is tried again by itself.", at };
  }
}
