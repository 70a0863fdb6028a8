import type { Stream } from "../connector";
import { streamProblem } from "../streams";
import { type DoctorFacts, ownStream, streamsOf } from "./facts";
import type { DoctorFix, RowDraft } from "./row";

/** The stream that mail leaves on, and who takes care of unsubscribing there. */
export function streamRows(facts: DoctorFacts): RowDraft[] {
  const id = ownStream(facts);
  const stream = streamsOf(facts).find((one) => one.id === id);
  if (facts.check.kind !== "ready")
    return [
      { ...aboutStream, state: "cannot_know", summary: "The server’s streams could not be read: see “Server token”." },
    ];
  return [
    streamRow(facts, id, stream),
    ...(stream && !stream.archived && stream.type !== "other" ? [unsubscribeRow(facts, stream)] : []),
  ];
}

const aboutStream = {
  id: "stream",
  title: "Message stream",
  meaning:
    "Lifecycle email belongs on a broadcast stream: it has IP addresses of its own, so what readers make of it never harms receipts and password resets.",
};

function streamRow(facts: DoctorFacts, id: string, stream: Stream | undefined): RowDraft {
  const { connection } = facts;
  const shown = stream
    ? [
        { label: "Stream", value: `${stream.name} (${stream.id})` },
        { label: "Type", value: stream.type === "other" ? "inbound" : stream.type },
      ]
    : [{ label: "Stream", value: id }];
  const problem = streamProblem({ streams: streamsOf(facts) }, id);
  const broadcast = broadcastFix(facts);
  if (stream?.archived)
    return {
      ...aboutStream,
      facts: shown,
      state: "broken",
      summary: `“${id}” is archived: Postmark refuses mail on it.`,
      fix: unarchive(id),
      other_fixes: [broadcast],
    };
  if (problem !== null) return { ...aboutStream, facts: shown, state: "broken", summary: problem, fix: broadcast };
  if (stream?.type !== "transactional")
    return { ...aboutStream, facts: shown, state: "good", summary: `Mail leaves on the broadcast stream “${id}”.` };
  if (connection.allowTransactional)
    return {
      ...aboutStream,
      facts: shown,
      state: "good",
      summary: `Mail leaves on the transactional stream “${id}”, as somebody decided.`,
      other_fixes: [broadcast],
    };
  return {
    ...aboutStream,
    facts: shown,
    state: "broken",
    summary: `“${id}” is transactional: automations that would send on it cannot be published.`,
    fix: broadcast,
    other_fixes: [allowTransactional(id)],
  };
}

const unarchive = (id: string): DoctorFix => ({
  id: "unarchive_stream",
  label: "Bring the stream back",
  changes: [`The stream “${id}” is taken out of the archive at Postmark, and the connection is validated.`],
});

const allowTransactional = (id: string): DoctorFix => ({
  id: "allow_transactional",
  label: "Send lifecycle email on it all the same",
  changes: [
    `Nothing changes at Postmark. Automations may send on “${id}” from now on. Postmark’s terms keep transactional streams for mail that the reader asked for.`,
  ],
});

/** Which broadcast stream to send on: one that is there, else a new one. */
export function broadcastChoice(facts: Pick<DoctorFacts, "check" | "connection">): { id: string; isNew: boolean } {
  const streams = streamsOf(facts);
  const live = streams.filter(({ type, archived }) => type === "broadcast" && !archived).map(({ id }) => id);
  const known = live.includes("lifecycle") ? "lifecycle" : live.sort()[0];
  if (known !== undefined) return { id: known, isNew: false };
  const taken = new Set(streams.map(({ id }) => id));
  const names = ["lifecycle", ...Array.from({ length: streams.length + 1 }, (_, n) => `lifecycle-${n + 2}`)];
  return { id: names.find((name) => !taken.has(name)) ?? "lifecycle", isNew: true };
}

function broadcastFix(facts: DoctorFacts): DoctorFix {
  const { id, isNew } = broadcastChoice(facts);
  const label = isNew ? "Create a broadcast stream and use it" : `Use the broadcast stream “${id}”`;
  const made = isNew
    ? [`A broadcast stream “${id}” is created at Postmark, with Postmark’s own unsubscribe handling.`]
    : [];
  return {
    id: "use_broadcast",
    label,
    changes: [
      ...made,
      `The connection sends on “${id}” from now on; steps that name a stream of their own go on doing so.`,
    ],
  };
}

const aboutUnsubscribe = { id: "unsubscribe", title: "Unsubscribe handling" };

/** Reference §4.1. Postmark’s handling holds on broadcast streams; everywhere else the link is ours. */
function unsubscribeRow(given: DoctorFacts, { id, type, unsubscribeHandling: handling }: Stream): RowDraft {
  const facts = [
    { label: "Stream", value: id },
    { label: "Handling at Postmark", value: { provider: "Postmark", custom: "Custom", none: "None" }[handling] },
  ];
  if (type === "broadcast" && handling === "provider")
    return {
      ...aboutUnsubscribe,
      facts,
      state: "good",
      summary: "Postmark takes care of unsubscribing on this stream.",
      meaning:
        "{{ unsubscribe_url }} becomes Postmark’s own link; Postmark adds the List-Unsubscribe headers, and a footer where a mail has no link. We add neither.",
    };
  const whose = handling === "custom" ? "is in our hands" : "is not Postmark’s business, so it is in our hands";
  const own = ownLinkRow(given, `Unsubscribing on this stream ${whose}.`);
  return { ...own, facts: [...facts, ...(own.facts ?? [])] };
}

/** Where unsubscribing is our own link: readers must be able to open it. `summary` where nothing is wrong. */
export function ownLinkRow({ hook, reach }: DoctorFacts, summary: string): RowDraft {
  const origin = hook.url.slice(0, -hook.path.length);
  const row = {
    ...aboutUnsubscribe,
    facts: [{ label: "Our links begin with", value: `${origin}/u/` }],
    meaning:
      "{{ unsubscribe_url }} becomes our own signed link, every mail carries our List-Unsubscribe headers (RFC 8058), and a mail that shows no link gets one at its end.",
  };
  if (reach.kind === "local")
    return {
      ...row,
      state: "warning",
      summary: `APP_URL names “${reach.host}”, where readers cannot open our unsubscribe link. Set it to this installation’s public https address.`,
    };
  if (origin.startsWith("http:"))
    return {
      ...row,
      state: "warning",
      summary:
        "APP_URL is plain http: readers can unsubscribe, but Gmail and others offer no one-click button. Use https.",
    };
  return { ...row, state: "good", summary };
}
