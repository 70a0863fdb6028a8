/**
 * Every reason that is given for anything, with the kind of decision it belongs to and a sentence for people. Stored by code, so a code
 * is for ever; adding one is adding a row here, and a case in `testing/cases-*.ts` that brings it about. `skipped` is the sentence where
 * what usually holds an email was the reason to drop it.
 */
export const reasons = {
  // A run begins.
  trigger: { kind: "entered", sentence: "The trigger event came, and everything that was asked held." },
  // A run goes on, or waits.
  delay: { kind: "waited", sentence: "Waits at a delay step." },
  branch_taken: { kind: "branched", sentence: "The conditions of this branch held." },
  branch_else: { kind: "branched", sentence: "No branch's conditions held, so it went the other way." },
  reached: { kind: "queued", sentence: "Reached the email step; the email was queued." },
  unknown_released: {
    kind: "waited",
    sentence: "Whether the email left was still not known after 24 hours, so the run went on without waiting longer.",
  },
  waited_for: { kind: "waited", sentence: "Waits for an event." },
  event_came: { kind: "branched", sentence: "The event that was waited for came in time." },
  wait_timed_out: { kind: "branched", sentence: "The event that was waited for did not come in time." },
  split_taken: { kind: "branched", sentence: "The split gave the person this variant, by chance and for good." },
  profile_updated: { kind: "updated", sentence: "The step set the person's traits." },
  update_refused: {
    kind: "updated",
    sentence: "The step set nothing: with its traits the person would have more than 256, or more than 64 KB of them.",
  },
  passed_before: { kind: "passed", sentence: "The run had passed this step before it was moved, so it left it out." },
  moved: { kind: "moved", sentence: "A new version was published, and the run was moved to it." },
  // A run ends.
  exit_event: { kind: "exited", sentence: "An event came that ends the run." },
  unsubscribed: {
    kind: "exited",
    sentence: "The person unsubscribed from mail that the automation writes, which ends the run.",
  },
  finished: { kind: "completed", sentence: "All steps are done." },
  exit_step: { kind: "exited", sentence: "Reached an exit step." },
  archived: { kind: "exited", sentence: "The automation was archived." },
  step_removed: { kind: "exited", sentence: "The step where the run stood no longer exists." },
  profile_deleted: { kind: "exited", sentence: "The person was deleted." },
  merged: {
    kind: "exited",
    sentence:
      "The person turned out to be one who was in this automation too; the run that was furthest along went on.",
  },
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
  merged_run: {
    kind: "skipped",
    sentence: "The person turned out to be one who was in this automation too; the email is left to the other run.",
  },
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
  paused: {
    kind: "held",
    sentence: "The automation is paused.",
    skipped: "The automation was paused, and queued emails were to be dropped.",
  },
  late: { kind: "held", sentence: "It is more than 24 hours late, so a person decides whether it still goes." },
  sending_stopped: {
    kind: "held",
    sentence: "All sending of this workspace is stopped.",
    skipped: "All sending of this workspace was stopped, and queued emails were to be dropped.",
  },
  connection_failing: { kind: "held", sentence: "The email provider does not accept our credentials." },
  stream_refused: {
    kind: "held",
    sentence:
      "The email provider does not take mail on this message stream. It is tried again now and then, and when the connection is validated or changed.",
  },
  account_refused: {
    kind: "held",
    sentence:
      "The email provider takes no mail from this account for now. It is tried again now and then, and when the connection is validated or changed.",
  },
  connection_disabled: { kind: "held", sentence: "The email provider is disabled." },
  warm_up: {
    kind: "held",
    sentence:
      "The connection is being warmed up and has sent as many emails as it may today; the rest leave on the next day (UTC).",
  },
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
  reported: { kind: "sent", sentence: "The answer was lost, but the provider reported of it, so it took it." },
  // A person decided.
  marked_sent: {
    kind: "sent",
    sentence: "Whether the provider took it was not known; a person marked it as sent.",
  },
  sent_again_by_person: {
    kind: "queued",
    sentence: "A person decided that the email leaves now, whatever became of it before.",
  },
  skipped_by_person: { kind: "skipped", sentence: "A person decided that the email is not sent." },
  // An email ended the right to write.
  hard_bounce: { kind: "suppressed", sentence: "The email bounced for good, so the address is not written to again." },
  spam_complaint: {
    kind: "suppressed",
    sentence: "The recipient reported the email as spam, so the address is not written to again.",
  },
  unsubscribe: { kind: "suppressed", sentence: "The recipient unsubscribed with this email." },
  manual: { kind: "suppressed", sentence: "Somebody put the address on the provider's list of whom not to write to." },
  // Nobody entered: worked out when asked, not stored.
  never_published: { kind: "not_entered", sentence: "The automation was never published, so nobody enters it." },
  no_such_event: { kind: "not_entered", sentence: "The event that starts the automation never came for this person." },
  not_published_yet: { kind: "not_entered", sentence: "The automation was published only after the event had come." },
  was_paused: { kind: "not_entered", sentence: "The automation was paused when the event came." },
  was_archived: { kind: "not_entered", sentence: "The automation was archived before the event came." },
  sending_was_stopped: {
    kind: "not_entered",
    sentence: "All sending of the workspace was stopped when the event came, so nobody entered anything.",
  },
  version_unreadable: {
    kind: "not_entered",
    sentence: "The version that was live then was written by a newer release and could not be read.",
  },
  other_event: { kind: "not_entered", sentence: "The version that was live then starts on another event." },
  wrong_source: {
    kind: "not_entered",
    sentence: "The event came from a browser, and the automation starts only on events of your server.",
  },
  event_too_old: { kind: "not_entered", sentence: "The event was more than 72 hours old when it came." },
  where_not_met: { kind: "not_entered", sentence: "The event did not meet the conditions of the trigger." },
  audience_not_met: { kind: "not_entered", sentence: "The person was not in the audience." },
  already_entered: {
    kind: "not_entered",
    sentence: "The person had entered before, and each person enters this automation only once.",
  },
  entered_lately: {
    kind: "not_entered",
    sentence: "The person had entered lately, and the time until they may enter again was not over.",
  },
  person_was_different: {
    kind: "not_entered",
    sentence: "The conditions hold for the person as they are now, but did not when the event came.",
  },
  no_run_made: {
    kind: "not_entered",
    sentence:
      "Everything that is kept would have let the person in, but no run was made: the automation was being changed at that moment, or the event was brought in by an import.",
  },
  // How a run or an email stands: read off when asked, not stored.
  its_turn: { kind: "stands", sentence: "It is this run's turn; it goes on within moments." },
  in_queue: { kind: "stands", sentence: "The email is in the queue and leaves when it is its turn." },
  being_sent: { kind: "stands", sentence: "The email is being handed to the provider at this moment." },
  delivered: { kind: "stands", sentence: "The email was sent, and the recipient's server took it." },
  bounced: { kind: "stands", sentence: "The email was sent, and the recipient's server refused it." },
  complained: { kind: "stands", sentence: "The email was sent, and the recipient reported it as spam." },
  nothing_sent: { kind: "stands", sentence: "The run ended without reaching an email." },
} as const satisfies Record<string, { kind: DecisionKind; sentence: string; skipped?: string }>;

/** `not_entered` and `stands` are answers and never stored. */
export type DecisionKind =
  | "entered"
  | "waited"
  | "branched"
  | "updated"
  | "passed"
  | "moved"
  | "queued"
  | "sent"
  | "skipped"
  | "failed"
  | "held"
  | "exited"
  | "completed"
  | "suppressed"
  | "not_entered"
  | "stands";
export type Reason = keyof typeof reasons;
export type ReasonOf<K extends DecisionKind> = {
  [R in Reason]: (typeof reasons)[R]["kind"] extends K ? R : never;
}[Reason];

/** The sentence of a code, as it is said of a decision of this kind; null for a code that a newer release wrote. */
export function reasonSentence(code: string, kind?: string): string | null {
  if (!Object.hasOwn(reasons, code)) return null;
  const row: { sentence: string; skipped?: string } = reasons[code as Reason]; // hasOwn has just said that it is a key
  return (kind === "skipped" ? row.skipped : undefined) ?? row.sentence;
}
