import type { CheckOutcome, Stream } from "../connector";
import { verdictOf } from "../verdict";
import type { DoctorFacts } from "./facts";
import { loopStage } from "./loop";
import type { RowDraft } from "./row";

/** What the token opens: token, server, sandbox, account. */
export const serverRows = (facts: DoctorFacts): RowDraft[] => [
  tokenRow(facts),
  serverRow(facts),
  ...sandboxRow(facts),
  accountRow(facts),
];

const revalidate = {
  id: "revalidate",
  label: "Validate again",
  changes: [
    "Nothing changes at the provider. What the credentials open is read again and kept here; when they work, the connection is ready and mail that is held goes out.",
  ],
};

function tokenRow({ check, connection }: DoctorFacts): RowDraft {
  const about = { id: "token", title: "Server token" };
  const meaning = "Without a token that works nothing leaves, and nothing can be looked up.";
  if (check.kind === "sealed")
    return {
      ...about,
      state: "broken",
      meaning,
      summary:
        "The stored token cannot be read: its encryption key is missing. Enter it again, or restore ENCRYPTION_KEYS.",
    };
  const verdict = verdictOf(check, null);
  if (!verdict.ok) {
    const unsure = verdict.rejection.code !== "bad_credentials";
    const summary = `${verdict.rejection.message} ${verdict.rejection.hint}`;
    return { ...about, meaning, state: unsure ? "cannot_know" : "broken", summary };
  }
  const facts = [{ label: "Ends in", value: connection.credentialsLast4 || "not shown" }];
  const standing = standingRow(connection);
  // What is wrong with the stream alone is said by its own row.
  if (connection.status !== "disabled" && !verdictOf(check, connection.messageStream).ok)
    return { ...about, facts, meaning, state: "good", summary: "It works, and it is a server token." };
  if (standing !== null) return { ...about, facts, ...standing };
  if (!sameAsKept(check, connection))
    return {
      ...about,
      facts,
      state: "warning",
      summary: "It works, but what it opens has changed since it was validated.",
      meaning: "Streams are chosen by what was read at the last validation.",
      fix: revalidate,
    };
  return { ...about, facts, meaning, state: "good", summary: "It works, and it is a server token." };
}

/** What is to be said of a connection whose credentials work, as it still stands here; null when it is ready. */
export function standingRow({ status, lastError }: DoctorFacts["connection"]): Standing | null {
  if (status === "disabled")
    return {
      state: "warning",
      summary: "It works, but the connection is disabled.",
      meaning: "Its sends are held until somebody enables it.",
    };
  if (status === "failing")
    return {
      state: "broken",
      summary: `It works now, but the connection still counts as failing: ${lastError ?? "its last call was refused."}`,
      meaning: "Mail of a failing connection is held until it is validated.",
      fix: revalidate,
    };
  if (status === "ready" && lastError === null) return null;
  return {
    state: "warning",
    summary:
      lastError === null
        ? "It works, but it has not been validated since it was changed."
        : `It works now. What went wrong last: ${lastError}`,
    meaning: "To validate it again reads what is there now, and takes the note away when nothing is wrong any more.",
    fix: revalidate,
  };
}

type Standing = Pick<RowDraft, "state" | "summary" | "meaning" | "fix">;

function sameAsKept(check: CheckOutcome, { serverId, serverName, streams }: DoctorFacts["connection"]): boolean {
  if (check.kind !== "ready") return true;
  const text = (list: readonly Stream[]) =>
    JSON.stringify(
      list.map(({ id, name, type, archived, unsubscribeHandling: by }) => [id, name, type, archived, by]).sort(),
    );
  return check.server.id === serverId && check.server.name === serverName && text(check.streams) === text(streams);
}

function serverRow({ check, server }: DoctorFacts): RowDraft {
  const about = { id: "server", title: "Postmark server" };
  const meaning = "Mail counts to this server: its reputation, its activity, its suppressions.";
  if (check.kind !== "ready")
    return { ...about, meaning, state: "cannot_know", summary: "It could not be read with this token." };
  const smtp = server.kind === "ok" ? [{ label: "SMTP", value: server.value.smtpActivated ? "on" : "off" }] : [];
  const facts = [
    { label: "Name", value: check.server.name },
    { label: "Id", value: check.server.id },
    ...smtp,
    { label: "Statistics", value: check.statsAvailable ? "available" : "not in this plan; sending does not need them" },
  ];
  return { ...about, meaning, facts, state: "good", summary: `The token opens “${check.server.name}”.` };
}

/** Only where it is known. */
function sandboxRow({ check }: DoctorFacts): RowDraft[] {
  if (check.kind !== "ready") return [];
  const about = { id: "sandbox", title: "Delivery" };
  if (!check.server.sandbox)
    return [
      {
        ...about,
        state: "good",
        summary: "It is a live server.",
        meaning: "What Postmark accepts is delivered to people.",
      },
    ];
  return [
    {
      ...about,
      state: "warning",
      summary: "It is a sandbox server: nothing really leaves.",
      meaning:
        "Mail is accepted, shown as delivered and counted, but reaches nobody. This is fixed when a server is made: to reach people, use the token of a live one.",
    },
  ];
}

function accountRow({ accountRefusal, loop, reach, readAt: now }: DoctorFacts): RowDraft {
  const about = { id: "account", title: "Account approval" };
  const unseen =
    "A server token cannot see whether Postmark is reviewing the account; only what becomes of real mail tells.";
  const pending = loop?.refusal?.code === "account_pending" ? loop.refusal.problem : null;
  const refusal = accountRefusal ?? pending;
  if (refusal !== null)
    return {
      ...about,
      state: "broken",
      summary: `Postmark refuses mail of this account: ${refusal}`,
      meaning:
        "Ask Postmark for approval. While an account is pending, mail goes only to addresses of the From domain; one that was turned down sends nothing. What is refused for that is held here and goes out afterwards.",
    };
  const stage = loop === null ? null : loopStage(loop, { reach, now });
  if (loop !== null && stage === "gave_up" && loop.acceptedAt && !loop.foundAt && !loop.toldAt)
    return {
      ...about,
      state: "warning",
      summary: "Mail is accepted, but neither search nor webhooks show it.",
      meaning:
        "So it is when Postmark has paused an account for review: it answers as usual and lets nothing out. Look at the account in Postmark, or ask its support.",
    };
  if (stage === "done")
    return {
      ...about,
      state: "good",
      summary: "Nothing speaks of a review: the last message round the loop was accepted and processed.",
      meaning: unseen,
    };
  return { ...about, state: "cannot_know", summary: "Not seen yet: send a message round the loop.", meaning: unseen };
}
