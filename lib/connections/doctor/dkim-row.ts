import { type DomainFacts, firstFound, type LookedAt } from "./domain";
import { shownRecord, unanswered } from "./look";
import type { RowDraft } from "./row";

const aboutOf = ({ byPostmark }: DomainFacts) => ({
  id: "dkim",
  title: "DKIM",
  meaning: byPostmark
    ? "An aligned DKIM signature is what makes DMARC pass for mail through Postmark. Which key Postmark signs with, and whether Postmark has verified it, cannot be seen from here: that stands under Sender Signatures, where host and value are to be copied from."
    : "An aligned DKIM signature makes DMARC pass, whichever way mail goes. Which key the mail server signs with, and whether it signs at all, your provider says: host and value are to be copied from there.",
});
const placeholderOf = ({ byPostmark }: DomainFacts) =>
  `k=rsa; p=<public key ${byPostmark ? "shown in Postmark under Sender Signatures" : "that your provider shows"}>`;

/** The smallest RSA key that receivers accept: 1024 bits (RFC 8301 §3.2), which as DER are 162 bytes. */
const rsaBytesMin = 162;

/** The key of the selector that somebody entered: it cannot be guessed. */
export function dkimRow(facts: DomainFacts): RowDraft {
  const { dkim, domain, byPostmark } = facts;
  const about = aboutOf(facts);
  if (dkim === null)
    return {
      ...about,
      state: "cannot_know",
      summary: "Enter the DKIM selector: it cannot be guessed.",
      facts: [
        {
          label: "Where it stands",
          value: byPostmark
            ? "Postmark → Sender Signatures → the domain → DKIM"
            : "with your mail provider, or as s= in the DKIM-Signature of a mail that you got",
        },
        {
          label: "What it looks like",
          value: byPostmark
            ? `20231123163444pm, of 20231123163444pm._domainkey.${domain}`
            : `mail, of mail._domainkey.${domain}`,
        },
      ],
    };
  const place = firstFound(dkim, isKey);
  if (place === undefined) return { ...about, state: "cannot_know", summary: "No name to look at." };
  const failed = unanswered(place);
  const verdict = failed ?? judge(place);
  return {
    ...about,
    ...verdict,
    records: [shownRecord("TXT", place, { value: recordOf(place) ?? placeholderOf(facts), state: verdict.state })],
  };
}

const isKey = (value: string) => /(^|;)\s*p\s*=/i.test(value);

/** The key that stands there; null where there is none. */
function recordOf({ looked }: LookedAt): string | null {
  const [key] = looked.kind === "found" ? looked.values.filter(isKey) : [];
  return key !== undefined && keyOf(key) !== "" ? key : null;
}

/** RFC 6376 §3.6.1 */
const keyOf = (record: string) => /(?:^|;)\s*p\s*=\s*([^;]*)/i.exec(record)?.[1]?.replace(/\s+/g, "") ?? "";

function judge({ name, looked }: LookedAt): Pick<RowDraft, "state" | "summary"> {
  if (looked.kind !== "found")
    return {
      state: "broken",
      summary: `There is no ${name}: receivers cannot verify what is signed with it. Publish the record.`,
    };
  const keys = looked.values.filter(isKey);
  const [record] = keys;
  if (record === undefined) return { state: "broken", summary: `What stands at ${name} is no DKIM key.` };
  if (keys.length > 1)
    return {
      state: "warning",
      summary: `${name} has ${keys.length} keys: which of them counts is undefined (RFC 6376). Leave only the one that is in use.`,
    };
  const key = keyOf(record);
  if (key === "")
    return {
      state: "broken",
      summary: `The key at ${name} was revoked: its p= is empty. Enter the selector of the key that is in use now.`,
    };
  const bytes = Math.floor((key.replace(/=+$/, "").length * 3) / 4);
  if (/[^A-Za-z0-9+/=]/.test(key))
    return { state: "broken", summary: `The key at ${name} is damaged: it is no base64. Copy it again.` };
  if (!/k\s*=\s*ed25519/i.test(record) && bytes < rsaBytesMin)
    return {
      state: "warning",
      summary: `The key at ${name} is cut short or weaker than 1024 bits: receivers ignore it. Copy it again, or have a longer one made.`,
    };
  return { state: "good", summary: `${name} has a key.` };
}
