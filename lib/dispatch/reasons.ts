/**
 * Every reason that the engine gives, with the kind of decision it belongs to and a sentence for people. Stored by code, so a code is
 * for ever; adding one is adding a row here.
 */
export const reasons = {
  // A run goes on, or waits.
  delay: { kind: "waited", sentence: "Waits at a delay step." },
  branch_taken: { kind: "branched", sentence: "The conditions of this branch held." },
  branch_else: { kind: "branched", sentence: "No branch's conditions held, so it went the other way." },
  reached: { kind: "queued", sentence: "Reached the email step; the email was queued." },
  unknown_released: {
    kind: "waited",
    sentence: "Whether the email left was still not known after 24 hours, so the run went on without waiting longer.",
  },
  // A run ends.
  finished: { kind: "completed", sentence: "All steps are done." },
  exit_step: { kind: "exited", sentence: "Reached an exit step." },
  archived: { kind: "exited", sentence: "The automation was archived." },
  step_removed: { kind: "exited", sentence: "The step where the run stood no longer exists." },
  profile_deleted: { kind: "exited", sentence: "The person was deleted." },
  engine_error: {
    kind: "exited",
    sentence: "The run could not be read or went wrong again and again; the log says how.",
  },
  // An email is not sent.
  suppressed: { kind: "skipped", sentence: "The address is suppressed." },
  no_email: { kind: "skipped", sentence: "The person had no email address." },
  invalid_email: { kind: "skipped", sentence: "The person's email address cannot be written to." },
  automation_archived: { kind: "skipped", sentence: "The automation was archived before the email left." },
  run_ended: { kind: "skipped", sentence: "The person's run ended before the email left." },
  overdue: {
    kind: "skipped",
    sentence: "It was overdue when sending was resumed, and overdue emails were to be skipped.",
  },
  person_gone: { kind: "skipped", sentence: "The person was deleted before the email left." },
  connection_missing: { kind: "skipped", sentence: "The email provider of this step no longer exists." },
  step_missing: { kind: "skipped", sentence: "The email's step could not be found in its version of the automation." },
  // An email cannot be sent.
  render_limit: { kind: "failed", sentence: "The text takes more work or grows larger than an email may." },
  render_error: { kind: "failed", sentence: "The text could not be filled in for this person." },
  too_large: { kind: "failed", sentence: "The email is larger than the provider takes." },
  from_missing: { kind: "failed", sentence: "Neither the step nor the email provider names a sender address." },
  from_not_verified: { kind: "failed", sentence: "The provider does not accept the sender address." },
  refused: { kind: "failed", sentence: "The provider refused this email." },
  attempts_exhausted: { kind: "failed", sentence: "The provider could not be reached, again and again, for two days." },
  not_sent: { kind: "failed", sentence: "The provider did not take this test email." },
  // An email waits.
  awaiting_email: { kind: "held", sentence: "The person has no email address yet; it is waited for a few minutes." },
  paused: { kind: "held", sentence: "The automation is paused." },
  late: { kind: "held", sentence: "It is more than 24 hours late, so a person decides whether it still goes." },
  sending_stopped: { kind: "held", sentence: "All sending of this workspace is stopped." },
  connection_failing: { kind: "held", sentence: "The email provider does not accept our credentials or account." },
  connection_disabled: { kind: "held", sentence: "The email provider is disabled." },
  provider_busy: { kind: "held", sentence: "The provider could not take it now; it is tried again." },
  no_answer: {
    kind: "held",
    sentence: "We asked the provider and got no answer; whether it took the email is being looked up.",
  },
  cannot_know: {
    kind: "held",
    sentence: "Whether the provider took the email cannot be looked up; a person decides what becomes of it.",
  },
  proven_absent: { kind: "held", sentence: "The provider surely never took it, so it is sent again." },
  // An email left.
  accepted: { kind: "sent", sentence: "The provider took it." },
  found: { kind: "sent", sentence: "The answer was lost, but the provider's search shows that it took it." },
} as const satisfies Record<string, { kind: DecisionKind; sentence: string }>;

export type DecisionKind =
  | "waited"
  | "branched"
  | "queued"
  | "sent"
  | "skipped"
  | "failed"
  | "held"
  | "exited"
  | "completed";
export type Reason = keyof typeof reasons;
export type ReasonOf<K extends DecisionKind> = {
  [R in Reason]: (typeof reasons)[R]["kind"] extends K ? R : never;
}[Reason];

/** The sentence of a stored code; null for one that is not ours, such as an intake's. */
export const reasonSentence = (code: string): string | null =>
  Object.hasOwn(reasons, code) ? reasons[code as Reason].sentence : null; // hasOwn has just said that it is a key
