import { placeName, postmarkHost, type SmtpPlace, streamWarning } from "../smtp/place";
import { verdictOf } from "../verdict";
import { domainRows } from "./domain-rows";
import { type DoctorFacts, ownStream } from "./facts";
import type { RowDraft } from "./row";
import { standingRow } from "./server-rows";
import { senderRow } from "./setting-rows";
import { ownLinkRow } from "./stream-rows";
import { reachRow } from "./webhook-rows";

const move = "Move to native Postmark (the button above)";

/**
 * What can be seen of a connection by SMTP. What only Postmark's API tells is said to be out of sight, with the way to it. At Postmark's
 * own hosts (reference §14) streams, tracking and webhooks mean something; other servers know none of them.
 */
export function smtpRows(facts: DoctorFacts, place: SmtpPlace): RowDraft[] {
  const atPostmark = postmarkHost(place.host) !== null;
  return [
    loginRow(facts, place),
    ...(atPostmark ? [streamRow(facts, place)] : []),
    unsubscribeRow(facts, place),
    ...(atPostmark ? [reachRow(facts, slower)] : []),
    hooksRow(facts, atPostmark),
    trackingRow(atPostmark),
    suppressionRow(atPostmark),
    senderRow(facts, atPostmark ? "Postmark by SMTP" : "the mail server"),
    ...domainRows(facts),
  ];
}

const slower = `Until then an email stays “sent”: by SMTP nobody can be asked what became of it. ${move}: then it is looked up where webhooks do not come.`;

const encryption = {
  starttls: "STARTTLS, required",
  tls: "TLS from the start",
  none: "none",
};

function loginRow({ check, connection }: DoctorFacts, place: SmtpPlace): RowDraft {
  const about = { id: "login", title: "Server and login" };
  const meaning = "Without a server that takes the login nothing leaves.";
  const facts = [
    { label: "Server", value: placeName(place) },
    { label: "Encryption", value: encryption[place.secure] },
    { label: "Last validated", value: connection.lastValidatedAt?.toISOString() ?? "never" },
  ];
  if (check.kind === "sealed")
    return {
      ...about,
      facts,
      meaning,
      state: "broken",
      summary:
        "The stored login cannot be read: its encryption key is missing. Enter it again, or restore ENCRYPTION_KEYS.",
    };
  const verdict = verdictOf(check, null);
  if (!verdict.ok) {
    const summary = `${verdict.rejection.message} ${verdict.rejection.hint}`;
    return { ...about, facts, meaning, state: "broken", summary };
  }
  const standing = standingRow(connection);
  if (standing !== null) return { ...about, facts, ...standing };
  if (place.secure === "none")
    return {
      ...about,
      facts,
      state: "warning",
      summary: "It works, without encryption: everybody on the way can read mail and password.",
      meaning:
        "Choose STARTTLS (587, 2525) or TLS (465) with “Change login”, unless the server stands in your own network.",
    };
  return { ...about, facts, meaning, state: "good", summary: verdict.sentence };
}

/** By SMTP Postmark takes mail for any stream with 250, and tells afterwards what it could not do (reference §14). */
function streamRow(facts: DoctorFacts, { host }: SmtpPlace): RowDraft {
  const stream = ownStream(facts);
  const warning = streamWarning(host, facts.connection.messageStream);
  const about = {
    id: "stream",
    title: "Message stream",
    facts: [
      { label: "Stream", value: stream },
      { label: "Host for", value: postmarkHost(host) === "broadcast" ? "broadcast streams" : "transactional streams" },
    ],
    meaning: `Postmark takes mail for a stream that is missing, archived or of the other kind all the same, and refuses it afterwards: such an email becomes “failed” in the send log when its webhook comes. ${move} to have the stream checked here.`,
  };
  if (warning !== null) return { ...about, state: "warning", summary: warning };
  return {
    ...about,
    state: "cannot_know",
    summary: `Every email asks for the stream “${stream}”. Whether it is there, an SMTP login cannot see.`,
  };
}

function unsubscribeRow(facts: DoctorFacts, { host }: SmtpPlace): RowDraft {
  const own = ownLinkRow(facts, "Every email carries our own unsubscribe link and headers (RFC 8058).");
  if (postmarkHost(host) !== "broadcast") return own;
  return {
    ...own,
    meaning: `${own.meaning} Where Postmark manages the unsubscribes of the stream it adds its own headers and link as well: who unsubscribes there is learned by webhook.`,
  };
}

function hooksRow({ newestHookAt }: DoctorFacts, atPostmark: boolean): RowDraft {
  const about = { id: "webhooks", title: "Webhooks", state: "cannot_know" } as const;
  if (!atPostmark)
    return {
      ...about,
      summary: "A mail server reports nothing back.",
      meaning: `Deliveries, opens, clicks and complaints stay unknown, and bounces arrive in the mailbox of the From address. If your mail goes through Postmark, ${move.replace("M", "m")}: then all of it comes back here.`,
    };
  return {
    ...about,
    facts: [{ label: "Newest webhook", value: newestHookAt?.toISOString() ?? "none came yet" }],
    summary: "An SMTP login cannot see which webhooks Postmark has.",
    meaning: `Add ours by hand to every stream that mail leaves on: “How to add it in Postmark” under “Webhook” says how. Or ${move.replace("M", "m")}: then it is registered, checked and repaired from here.`,
  };
}

function trackingRow(atPostmark: boolean): RowDraft {
  const about = { id: "tracking", title: "Open and link tracking" };
  if (!atPostmark)
    return {
      ...about,
      state: "cannot_know",
      summary: "A mail server measures no opens and clicks.",
      meaning: "Automations that wait for an open or a click are not told of one.",
    };
  return {
    ...about,
    state: "good",
    summary: "Every email asks Postmark for it.",
    meaning:
      "Headers of each email (X-PM-TrackOpens, X-PM-TrackLinks) turn it on; webhooks bring the opens and clicks. What the server does with other mail, an SMTP login cannot see.",
  };
}

function suppressionRow(atPostmark: boolean): RowDraft {
  const about = { id: "suppressions", title: "Suppressions", state: "cannot_know" } as const;
  if (!atPostmark)
    return {
      ...about,
      summary: "A mail server keeps no list that can be read.",
      meaning:
        "Who is suppressed here gets no mail, and a mailbox that the server refuses at once is suppressed. What bounces later is not told here: suppress such an address by hand.",
    };
  return {
    ...about,
    summary: "An SMTP login cannot read Postmark’s suppressions.",
    meaning: `Who is suppressed here gets no mail. Mail to somebody whom only Postmark suppresses is taken first and refused afterwards. ${move}: then both sides are read and kept equal.`,
  };
}
