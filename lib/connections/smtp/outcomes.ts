import type { CallOutcome, SendOutcome } from "../connector";
import { type Advised, adviceOf, rejectionOfTrouble } from "./advice";
import type { SmtpPlace } from "./place";
import { type SmtpFailure, saidOf, type Trouble } from "./trouble";

/** What became of one message of a call. `trouble`: its session did not come about, or ended before it could be taken; `late`: it was not begun in time. */
export type Result =
  | { kind: "settled"; outcome: SendOutcome }
  | { kind: "trouble"; trouble: Trouble }
  | { kind: "late" };

const settled = (outcome: SendOutcome): Result => ({ kind: "settled", outcome });

/** What a failure means for the message that was under way. `ended`: its last line may have been written. Pure. */
export function resultOf(failure: SmtpFailure, ended: boolean, place: SmtpPlace): Result {
  const { command, code, responseCode: replyCode } = failure;
  const said = saidOf(failure);
  if (command === "API" && (code === "EENVELOPE" || code === "EMESSAGE")) return refused("refused", null, said, place);
  // Too large for what the server announced: it was not even asked.
  if (code === "EMESSAGE" && replyCode === undefined) return refused("refused", null, failure.message, place);
  if (command === undefined || command === "CONN" || command === "API" || replyCode === undefined)
    return ended
      ? settled({
          kind: "unknown",
          cause: `the connection ended before the server had answered to the message (${said})`,
        })
      : { kind: "trouble", trouble: { kind: "broken", said } };
  if (replyCode < 500) return settled({ kind: "not_sent", cause: `put off by the server: ${said}` });
  if (replyCode === 530 || replyCode === 535 || replyCode === 538)
    return { kind: "trouble", trouble: { kind: replyCode === 538 ? "login_needs_tls" : "login_refused", said } };
  return ofRefusal(failure, replyCode, { said, place });
}

/** RFC 5321 §4.2.3 and RFC 3463: which command was refused tells what it is about, the enhanced code and the words tell the rest. */
function ofRefusal(
  { command, code }: SmtpFailure,
  replyCode: number,
  { said, place }: { said: string; place: SmtpPlace },
): Result {
  const reason = reasonIn(said);
  const isSize = replyCode === 552 || reason.enhanced === "5.3.4";
  if (command === "MAIL FROM" && !isSize && replyCode > 504 && replyCode !== 555)
    return refused("sender_refused", replyCode, said, place);
  if (command === "RCPT TO" && isAboutRelaying(reason)) return refused("blocked", replyCode, said, place);
  // Postfix and Exim judge the sender only here, once they know to whom it writes.
  if (command === "RCPT TO" && isAboutSender(reason)) return refused("sender_refused", replyCode, said, place);
  if (command === "RCPT TO" && isMailboxGone(replyCode, reason)) return refused("inactive", replyCode, said, place);
  return refused("refused", replyCode, code === "EMESSAGE" ? `the text was refused: ${said}` : said, place);
}

type Reason = { enhanced: string; words: string };

/**
 * The enhanced code in its own place, behind the reply code (RFC 2034 §4), empty where there is none; and the words without addresses,
 * which may look like a code (10.5.1.20) and hold any word (privaterelay.appleid.com).
 */
const reasonIn = (said: string): Reason => ({
  enhanced: /^\d{3}[ -]#?(\d\.\d{1,3}\.\d{1,3})\b/.exec(said)?.[1] ?? "",
  words: said.replace(/<[^>]*>|\S+@\S+|\[[^\]]*\]/g, ""),
});

/** Postfix also says “User unknown in relay recipient table”: a 5.1.x is about the person. */
const isAboutRelaying = ({ enhanced, words }: Reason): boolean =>
  !enhanced.startsWith("5.1.") && /\brelay/i.test(words);

/** RFC 3463 §3.2: 5.1.7 and 5.1.8 are about the sender, and other codes with such words: 5.1.0, 5.7.1, or none. */
const isAboutSender = ({ enhanced, words }: Reason): boolean =>
  enhanced === "5.1.7" ||
  enhanced === "5.1.8" ||
  /\bsender (address|domain|verif|rejected|denied|refused|not |is )|\b(invalid|unknown|unverified) sender\b/i.test(
    words,
  );

/**
 * No such mailbox: any other 5.1.x, or 550 without more. A 5.7.x is about policy, and words of limits are about how much we send: about us
 * and not about the person.
 */
const isMailboxGone = (replyCode: number, { enhanced, words }: Reason): boolean =>
  enhanced.startsWith("5.1.") || (replyCode === 550 && /^(5\.0\..*)?$/.test(enhanced) && !isAboutUs(words));

const isAboutUs = (words: string): boolean =>
  /\b5\.[2-7]\.\d|polic|spam|spf|dkim|dmarc|block|denied|auth|exceed|limit|quota|too many|\brates?\b|\bsender/i.test(
    words,
  );

function refused(kind: Advised, code: number | null, message: string, place: SmtpPlace): Result {
  const rejection = adviceOf(kind, message, place);
  switch (kind) {
    case "refused":
      return settled({ kind, code, message, rejection });
    case "blocked":
      return settled({ kind, about: "account", code: code ?? 0, message, rejection });
    case "inactive":
    case "sender_refused":
      return settled({ kind, code: code ?? 0, message, rejection });
  }
}

/** What a call came to, given what became of each of its messages. Pure. */
export function callOutcomeOf(results: readonly Result[], place: SmtpPlace): CallOutcome {
  const [first] = results;
  if (first === undefined) return { kind: "answered", outcomes: [] };
  if (results.every(({ kind }) => kind === "late"))
    return { kind: "not_sent", cause: "it was too late to begin", rateLimited: false, retryAfterMs: null, late: true };
  const trouble = results.flatMap((result) => (result.kind === "trouble" ? result.trouble : [])).at(0);
  const outcomes = results.map((result) => outcomeOf(result, place));
  // Some may have been late because of the trouble that the first had.
  if (trouble && results.every(({ kind }) => kind !== "settled")) return ofTrouble(trouble, place);
  const unknown = outcomes.flatMap((outcome) => (outcome.kind === "unknown" ? outcome.cause : []));
  if (unknown.length === outcomes.length) return { kind: "unknown", cause: unknown[0] ?? "" };
  return { kind: "answered", outcomes };
}

function outcomeOf(result: Result, place: SmtpPlace): SendOutcome {
  if (result.kind === "settled") return result.outcome;
  if (result.kind === "late") return { kind: "not_sent", cause: "it was too late to begin", late: true };
  const call = ofTrouble(result.trouble, place);
  if (call.kind === "not_sent") return { kind: "not_sent", cause: call.cause, rejection: call.rejection };
  return { ...call, kind: "blocked", about: "credentials", code: call.code ?? 535 };
}

type WholeCall = Extract<CallOutcome, { kind: "call_refused" | "not_sent" }>;

/** A login that is refused is for a person to mend; everything else may pass by itself. */
function ofTrouble(trouble: Trouble, place: SmtpPlace): WholeCall {
  const rejection = rejectionOfTrouble(trouble, place);
  const { code, message, hint } = rejection;
  if (code === "bad_credentials")
    return { kind: "call_refused", about: "credentials", code: 535, message: `${message} ${hint}`, rejection };
  return { kind: "not_sent", cause: `${message} ${hint}`, rateLimited: false, retryAfterMs: null, rejection };
}
