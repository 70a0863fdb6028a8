import type { CallOutcome, CheckOutcome, SendOutcome, Stream } from "./connector";
import type { ConnectionStatus, Rejection } from "./schema";
import { streamProblem } from "./streams";

type Checked = Extract<CheckOutcome, { kind: "ready" }>;
export type Verdict =
  | { ok: true; found: Checked; sentence: string }
  /** `found`: what a good token opened, although something else is wrong. */
  | { ok: false; found: Checked | null; rejection: Rejection };

/** What a check means to the person who asked for it, in a sentence, and what to do. `messageStream`: the one to be used, if one was named. */
export function verdictOf(outcome: CheckOutcome, messageStream: string | null): Verdict {
  switch (outcome.kind) {
    case "ready": {
      const problem = messageStream === null ? null : streamProblem(outcome, messageStream);
      return problem === null
        ? { ok: true, found: outcome, sentence: outcome.sentence ?? worksSentence(outcome) }
        : { ...no("stream_unknown", problem, hints.stream_unknown), found: outcome };
    }
    case "bad_credentials":
      if (outcome.rejection) return { ok: false, found: null, rejection: outcome.rejection };
      return outcome.accountToken
        ? no(
            "bad_credentials",
            "This is an account token, not a server token: it manages the account and cannot send.",
            accountTokenHint,
          )
        : no("bad_credentials", "Postmark refused this token.", hints.bad_credentials);
    case "unreachable":
      if (outcome.rejection) return { ok: false, found: null, rejection: outcome.rejection };
      return no("unreachable", `Postmark could not be reached: ${outcome.message}.`, hints.unreachable);
    case "failed":
      return { ok: false, found: null, rejection: outcome.rejection ?? rejectionOfCode(outcome.code, outcome.message) };
  }
}

/** What it means that the stored `what` cannot be opened: its key is gone, or it was changed. */
export const unreadableLogin = (what: "token" | "login"): Verdict =>
  no(
    "bad_credentials",
    `The stored ${what} cannot be read here: its encryption key is missing or the value was changed.`,
    `Enter the ${what} again, or restore ENCRYPTION_KEYS and validate.`,
  );

/** Why a check did not come to a server, for the person who asked for it; null when it did. */
export function rejectionOfCheck(outcome: CheckOutcome): Rejection | null {
  const verdict = verdictOf(outcome, null);
  return verdict.ok ? null : verdict.rejection;
}

function worksSentence({ server, streams, statsAvailable }: Checked): string {
  const live = streams.filter((stream) => stream.type !== "other" && !stream.archived);
  const named = live.map(({ id, type }) => `“${id}” (${type})`).join(", ");
  const what = live.length === 0 ? "no message stream that can send" : named;
  return [
    `It works: the token opens the server “${server.name}” with ${what}.`,
    ...(server.sandbox ? ["It is a sandbox server: its mail is accepted and never delivered."] : []),
    ...(statsAvailable ? [] : ["Its plan has no statistics; sending does not need them."]),
  ].join(" ");
}

/** Why a message was not taken, for the person who sent it; null when it was taken or may have been. */
export function rejectionOf(outcome: CallOutcome | SendOutcome): Rejection | null {
  if ("rejection" in outcome && outcome.rejection) return outcome.rejection;
  switch (outcome.kind) {
    case "answered":
      return outcome.outcomes.map(rejectionOf).find((rejection) => rejection !== null) ?? null;
    case "accepted":
    case "unknown":
      return null;
    case "inactive":
      return { code: "recipient_inactive", message: outcome.message, hint: hints.recipient_inactive };
    case "not_sent":
      return "rateLimited" in outcome && outcome.rateLimited
        ? { code: "rate_limited", message: "Postmark asks for a pause.", hint: hints.rate_limited }
        : { code: "unreachable", message: `Postmark could not be reached: ${outcome.cause}.`, hint: hints.unreachable };
    case "call_refused":
      return outcome.about === "credentials"
        ? { code: "bad_credentials", message: "Postmark refused the server token.", hint: hints.bad_credentials }
        : rejectionOfCode(outcome.code, outcome.message);
    case "blocked":
    case "sender_refused":
    case "refused":
      return rejectionOfCode(outcome.code, outcome.message);
  }
}

const codes = new Map<number, Rejection["code"]>([
  [10, "bad_credentials"],
  [400, "from_not_verified"],
  [401, "from_not_verified"],
  [406, "recipient_inactive"],
  [412, "account_pending"],
  [413, "account_pending"],
  [429, "rate_limited"],
  [1235, "stream_unknown"],
  [1236, "stream_unknown"],
]);

const otherHints = new Map([
  [405, "The account is out of credits: top up or change the plan in Postmark."],
  [1480, "The server only takes mail from listed IP addresses: add this machine's address in Postmark."],
]);

/** By Postmark's code (its documentation's table of API error codes), in its own words. */
function rejectionOfCode(providerCode: number | null, message: string): Rejection {
  const code = (providerCode === null ? undefined : codes.get(providerCode)) ?? "rejected";
  const hint = (providerCode === null ? undefined : otherHints.get(providerCode)) ?? hints[code];
  return { code, message: message === "" ? `Postmark refused with code ${providerCode ?? "none"}.` : message, hint };
}

const accountTokenHint =
  "In Postmark open your server, then API Tokens, and copy that server's token. An account token opens everything: better not to paste it anywhere.";

const hints: Record<Rejection["code"], string> = {
  bad_credentials:
    "In Postmark open your server, then API Tokens, and copy its token again. One that was revoked has to be replaced here.",
  from_not_verified:
    "Verify the domain of the From address, or confirm the address as a sender signature, in Postmark under Sender Signatures.",
  recipient_inactive:
    "Postmark holds this address back on this stream after a bounce, a complaint or an unsubscribe: reactivate it there, or use another address.",
  stream_unknown: "Choose one of the server's live streams, or create this one in Postmark and validate again.",
  account_pending:
    "Postmark has not approved the account yet: ask for approval there. Until then mail goes only to addresses of the From domain.",
  unreachable:
    "Check that this machine reaches api.postmarkapp.com by HTTPS (firewall, proxy, POSTMARK_API_URL), see status.postmarkapp.com, then validate again.",
  rate_limited: "Wait a minute, then try again.",
  rejected: "Postmark's words say what is wrong; mend that, then try again.",
};

const no = (code: Rejection["code"], message: string, hint: string) =>
  ({ ok: false, found: null, rejection: { code, message, hint } }) as const;

/** What a connection's status becomes by a check. Only a person disables or enables; an outage says nothing about the token. */
export function statusAfter(current: ConnectionStatus, verdict: Verdict): ConnectionStatus {
  if (current === "disabled") return "disabled";
  if (verdict.ok) return "ready";
  return current === "ready" && verdict.rejection.code === "bad_credentials" ? "failing" : current;
}

/** What is kept as `last_error`: what is wrong and what to do. */
export const errorSentence = (verdict: Verdict): string | null =>
  verdict.ok ? null : `${verdict.rejection.message} ${verdict.rejection.hint}`;

export type ServerFacts = { id: string; name: string; streams: readonly Stream[] };
