import "server-only";
import { profileFields } from "../conditions/schema";
import type { OutgoingMessage } from "../connections/schema";
import { compileMessage, renderMessage } from "../templates";
import type { Letter, LetterDecision } from "./schema";
import type { Unsubscribing } from "./unsubscribing";

type Writing = Extract<LetterDecision, { kind: "write" }>;
type Written =
  | { kind: "message"; message: OutgoingMessage; bytes: number }
  | { kind: "fail"; reason: "render_limit" | "render_error"; details: Record<string, unknown> };

/** Renders one email for one person, with the way out of this kind of mail. */
export function writeLetter(
  letter: Letter,
  { step, to, fromEmail }: Writing,
  { batchId, unsubscribing, now }: { batchId: string; unsubscribing: Unsubscribing; now: Date },
): Written {
  const { subject, html, text, from_name } = step;
  const compiled = compileMessage({ subject, html, text, fromName: from_name });
  if (!compiled.ok) return { kind: "fail", reason: "render_error", details: { problem: compiled.problems[0] } };
  const rendered = renderMessage(compiled.message, variablesOf(letter, unsubscribing.url), now);
  if (!rendered.ok) return { kind: "fail", reason: rendered.problem.kind, details: { problem: rendered.problem } };
  const message: OutgoingMessage = {
    sendId: letter.id,
    batchId,
    to,
    from: mailbox(rendered.fromName ?? letter.connection.fromName, fromEmail),
    replyTo: step.reply_to_email ?? letter.connection.replyToEmail,
    subject: rendered.subject,
    ...unsubscribing.complete({ html: rendered.html, text: rendered.text }),
    tag: letter.automation?.name ?? null,
    headers: unsubscribing.headers,
  };
  return { kind: "message", message, bytes: bytesOf(message) };
}

function variablesOf({ person, event, workspace, scheduledAt }: Letter, unsubscribeUrl: string) {
  return {
    profile: person === null ? {} : profileFields(person),
    event: event?.properties ?? {},
    event_name: event?.name ?? "",
    event_time: (event?.occurredAt ?? scheduledAt).toISOString(),
    workspace: { id: workspace.id, name: workspace.name, timezone: workspace.timezone },
    unsubscribe_url: unsubscribeUrl,
  };
}

/** An address with a name as headers carry it (RFC 5322 §3.4), the name quoted. */
export function mailbox(name: string | null, email: string): string {
  const words = (name ?? "").replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return words === "" ? email : `"${words.replace(/["\\]/g, "\\$&")}" <${email}>`;
}

/** What a message takes on the wire, at most: JSON needs more for line breaks and quotes than the text itself. */
function bytesOf({ subject, html, text }: OutgoingMessage): number {
  const texts = [subject, html ?? "", text ?? ""];
  return texts.reduce((sum, part) => sum + Buffer.byteLength(JSON.stringify(part)), 2_000);
}
