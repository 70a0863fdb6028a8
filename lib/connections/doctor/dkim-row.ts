import { type DomainFacts, firstFound, type LookedAt } from "./domain";
import { shownRecord, unanswered } from "./look";
import type { RowDraft } from "./row";

const unseen =
  "A server token cannot see which key Postmark signs with, nor whether Postmark has verified it: that stands under Sender Signatures, where host and value are to be copied from.";
const placeholder = "k=rsa; p=<public key shown in Postmark under Sender Signatures>";
const about = {
  id: "dkim",
  title: "DKIM",
  meaning: `An aligned DKIM signature is what makes DMARC pass for mail through Postmark. ${unseen}`,
};

/** The smallest RSA key that receivers accept: 1024 bits (RFC 8301 §3.2), which as DER are 162 bytes. */
const rsaBytesMin = 162;

/** The key of the selector that somebody entered: it cannot be guessed. */
export function dkimRow({ dkim, domain }: DomainFacts): RowDraft {
  if (dkim === null)
    return {
      ...about,
      state: "cannot_know",
      summary: "Enter the DKIM selector: it cannot be guessed.",
      facts: [
        { label: "Where it stands", value: "Postmark → Sender Signatures → the domain → DKIM" },
        { label: "What it looks like", value: `20231123163444pm, of 20231123163444pm._domainkey.${domain}` },
      ],
    };
  const place = firstFound(dkim, isKey);
  if (place === undefined) return { ...about, state: "cannot_know", summary: "No name to look at." };
  const failed = unanswered(place);
  const verdict = failed ?? judge(place);
  return {
    ...about,
    ...verdict,
    records: [shownRecord("TXT", place, { value: recordOf(place), state: verdict.state })],
  };
}

const isKey = (value: string) => /(^|;)\s*p\s*=/i.test(value);

function recordOf({ looked }: LookedAt): string {
  const [key] = looked.kind === "found" ? looked.values.filter(isKey) : [];
  return key !== undefined && keyOf(key) !== "" ? key : placeholder;
}

/** RFC 6376 §3.6.1 */
const keyOf = (record: string) => /(?:^|;)\s*p\s*=\s*([^;]*)/i.exec(record)?.[1]?.replace(/\s+/g, "") ?? "";

function judge({ name, looked }: LookedAt): Pick<RowDraft, "state" | "summary"> {
  if (looked.kind !== "found")
    return { state: "broken", summary: `There is no ${name}: mail cannot be signed with this selector.` };
  const keys = looked.values.filter(isKey);
  const [record] = keys;
  if (record === undefined) return { state: "broken", summary: `What stands at ${name} is no DKIM key.` };
  if (keys.length > 1)
    return {
      state: "warning",
      summary: `${name} has ${keys.length} keys: which of them counts is undefined (RFC 6376).`,
    };
  const key = keyOf(record);
  if (key === "") return { state: "broken", summary: `The key at ${name} was revoked: its p= is empty.` };
  const bytes = Math.floor((key.replace(/=+$/, "").length * 3) / 4);
  if (/[^A-Za-z0-9+/=]/.test(key))
    return { state: "broken", summary: `The key at ${name} is damaged: it is no base64.` };
  if (!/k\s*=\s*ed25519/i.test(record) && bytes < rsaBytesMin)
    return {
      state: "warning",
      summary: `The key at ${name} is cut short or weaker than 1024 bits: receivers ignore it.`,
    };
  return { state: "good", summary: `${name} has a key.` };
}
