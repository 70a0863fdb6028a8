import type { DoctorFacts } from "./facts";
import type { RowDraft } from "./row";

/** Tracking, suppressions, and what is known of the From address. */
export const settingRows = (facts: DoctorFacts): RowDraft[] => [
  trackingRow(facts),
  suppressionRow(facts),
  senderRow(facts, "Postmark"),
];

function trackingRow({ server }: DoctorFacts): RowDraft {
  const about = { id: "tracking", title: "Open and link tracking" };
  const meaning =
    "Emails of automations ask for tracking one by one, so their opens and clicks are measured either way. The server’s own setting is for all other mail of this server.";
  if (server.kind !== "ok")
    return {
      ...about,
      meaning,
      state: "cannot_know",
      summary: "The server’s settings could not be read. Check again in a minute.",
    };
  const { trackOpens, trackLinks } = server.value;
  const facts = [
    { label: "Opens", value: trackOpens ? "on" : "off" },
    {
      label: "Links",
      value: { None: "off", HtmlAndText: "HTML and text", HtmlOnly: "HTML", TextOnly: "text" }[trackLinks],
    },
  ];
  if (trackOpens && trackLinks !== "None")
    return { ...about, meaning, facts, state: "good", summary: "On for the whole server." };
  const off = [...(trackOpens ? [] : ["opens"]), ...(trackLinks === "None" ? ["links"] : [])].join(" and ");
  return {
    ...about,
    meaning,
    facts,
    state: "warning",
    summary: `The server does not track ${off} of mail that does not ask for it.`,
    fix: {
      id: "tracking",
      label: "Turn on tracking",
      changes: [
        "Open tracking, and link tracking in HTML and text, are turned on for the whole server at Postmark: for mail that others send through it, too.",
      ],
    },
  };
}

function suppressionRow({ suppressions: list }: DoctorFacts): RowDraft {
  const about = { id: "suppressions", title: "Suppressions" };
  const meaning = "Who is suppressed at Postmark or here gets no mail; both sides are to know the same people.";
  if (list === null)
    return { ...about, meaning, state: "cannot_know", summary: "The two sides were not compared yet." };
  const facts = [
    { label: "Here", value: String(list.here) },
    { label: "At Postmark", value: list.there === null ? "not read yet" : String(list.there) },
    { label: "On one side only", value: String(list.drift) },
    { label: "Last read", value: list.syncedAt?.toISOString() ?? "never" },
  ];
  if (list.error !== null) return { ...about, meaning, facts, state: "warning", summary: list.error };
  if (list.syncedAt === null)
    return {
      ...about,
      meaning,
      facts,
      state: "warning",
      summary: "Postmark’s list was not read yet: “Sync now” under “Suppressions” reads it.",
    };
  if (list.drift > 0)
    return {
      ...about,
      meaning,
      facts,
      state: "warning",
      summary: `${list.drift} ${list.drift === 1 ? "address stands" : "addresses stand"} on one side only, and ${list.drift === 1 ? "is" : "are"} being put on the other: see “Suppressions”.`,
    };
  return { ...about, meaning, facts, state: "good", summary: `Both sides agree on ${list.here}.` };
}

type Taker = "Postmark" | "Postmark by SMTP" | "the mail server";

const senderUnseen: Record<Taker, string> = {
  Postmark:
    "A server token cannot see which addresses are verified: that is learned from what Postmark answers to real mail, and remembered.",
  "Postmark by SMTP":
    "By SMTP Postmark takes mail first and looks at the From address afterwards: mail from one that is not verified becomes “failed” in the send log when its webhook comes. Verify domain or address in Postmark under Sender Signatures.",
  "the mail server":
    "Which addresses a login may write from is learned from what the server answers to real mail, and remembered. Others may still distrust it: see the rows of the domain.",
};

/** What is known of the From address by what was answered to mail. `taker`: who answers. */
export function senderRow({ connection: { fromEmail }, sender }: DoctorFacts, taker: Taker): RowDraft {
  const about = { id: "from", title: "From address" };
  const unseen = senderUnseen[taker];
  const name = taker === "the mail server" ? "The mail server" : "Postmark";
  if (fromEmail === null)
    return {
      ...about,
      state: "warning",
      summary: "The connection has none.",
      meaning: "Steps must bring their own, and test messages cannot be sent. Enter one under “Sender and stream”.",
    };
  const facts = [
    { label: "Address", value: fromEmail },
    ...(sender ? [{ label: "Last answer", value: sender.seenAt.toISOString() }] : []),
    ...(sender?.detail ? [{ label: "Its words", value: sender.detail }] : []),
  ];
  switch (sender?.state) {
    case undefined:
      return { ...about, facts, meaning: unseen, state: "cannot_know", summary: "No mail has left from it yet." };
    case "accepted":
      return taker === "Postmark by SMTP"
        ? { ...about, facts, meaning: unseen, state: "cannot_know", summary: "By SMTP mail from any address is taken." }
        : { ...about, facts, meaning: unseen, state: "good", summary: `${name} accepts mail from ${fromEmail}.` };
    case "refused":
      return {
        ...about,
        facts,
        state: "broken",
        summary: `${name} refuses mail from ${fromEmail}.`,
        meaning:
          taker === "the mail server"
            ? "Write from an address that this login may use, or have your provider verify its domain; then send a test."
            : "Verify its domain, or add it as a sender signature, in Postmark under Sender Signatures; then send a test.",
      };
    case "unconfirmed":
      return {
        ...about,
        facts,
        state: "broken",
        summary: `${fromEmail} is a sender signature that nobody has confirmed.`,
        meaning:
          "Postmark sent a mail with a link to that address: follow it, or have it sent again under Sender Signatures.",
      };
  }
}
