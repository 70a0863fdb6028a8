import { findStep, type SendEmailStep } from "../automations/schema";
import { namedStream } from "../connections/schema";
import { addressWaitMs, latenessMaxMs } from "./limits";
import type { Letter, LetterDecision, Person } from "./schema";

/** Does this email leave now? Pure; asked after the claim, with everything as it is then, whatever held when it was queued. */
export function decideLetter(letter: Letter, now: Date): LetterDecision {
  const { automation, automationId, person, run, scheduledAt, connection, suppressed } = letter;
  if (letter.workspace.stopped) return { kind: "stopped" };
  if (person === null) return skip("person_gone");
  if (automation === null || automationId === null || automation.deleted || automation.status === "archived")
    return skip("automation_archived");
  if (run?.status === "exited") return skip("run_ended");
  if (letter.skippedBy !== null) return skip(letter.skippedBy);
  if (automation.status !== "live") return { kind: "park" };
  if (letter.signalled) return { kind: "signalled" };
  const step = emailStepOf(letter);
  if (step === null) return skip("step_missing", { step_id: letter.stepId });
  if (run?.overdueSkipBefore && scheduledAt < run.overdueSkipBefore)
    return skip("overdue", { scheduled_at: scheduledAt.toISOString() });

  const stream = namedStream(connection, step.message_stream);
  if (stream !== null && stream !== letter.stream) return { kind: "move", stream };

  const to = addressOf(person);
  if (to === null) {
    const waitedUntil = new Date(scheduledAt.getTime() + addressWaitMs);
    return now < waitedUntil ? { kind: "later", reason: "awaiting_email" } : skip("no_email");
  }
  if (!isAddress(to)) return skip("invalid_email", { email: to.slice(0, 200) });
  if (suppressed !== null) return skip("suppressed", { email: to, suppression: suppressed });
  if (now.getTime() - scheduledAt.getTime() > latenessMaxMs) return { kind: "hold", reason: "late" };
  const fromEmail = step.from_email ?? connection.fromEmail;
  if (fromEmail === null) return { kind: "fail", reason: "from_missing", details: {} };
  return { kind: "write", step, to, fromEmail };
}

/** The person's address as it is written; null where there is none. */
export function addressOf({ traits }: Person): string | null {
  const { email } = traits;
  return typeof email === "string" && email.trim() !== "" ? email.trim() : null;
}

/** One bare address that could exist. Deliberately loose about what stands before the @: the recipient's server knows best. */
export const isAddress = (text: string): boolean =>
  text.length <= 254 &&
  /^[^\s@<>(),;:"[\]\\\p{Cc}]{1,64}@(?:[^\s@<>(),;:"[\]\\\p{Cc}.]+\.)+[^\s@<>(),;:"[\]\\\p{Cc}.]{2,}$/u.test(text);

function emailStepOf({ definition, stepId }: Letter): SendEmailStep | null {
  const step = definition && stepId ? findStep(definition, stepId) : null;
  return step?.type === "send_email" ? step : null;
}

const skip = (
  reason: Extract<LetterDecision, { kind: "skip" }>["reason"],
  details: Record<string, unknown> = {},
): LetterDecision => ({ kind: "skip", reason, details });
