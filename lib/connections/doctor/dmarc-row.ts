import { dkimRow } from "./dkim-row";
import { type DomainFacts, firstFound, type LookedAt } from "./domain";
import { returnPathIsOurs, shownRecord, unanswered } from "./look";
import type { DoctorState, RowDraft } from "./row";

const isPolicy = (value: string) => /^v\s*=\s*DMARC1\s*(;|$)/i.test(value);
const policies = ["none", "quarantine", "reject"] as const;
type Policy = (typeof policies)[number];

const about = {
  id: "dmarc",
  title: "DMARC",
  meaning:
    "It tells receivers what to do with mail that neither an aligned DKIM signature nor aligned SPF proves; Gmail and Yahoo want one from everybody who sends in bulk.",
};

/** The domain’s policy, or the one it inherits, and whether mail through Postmark is aligned with it (RFC 7489). */
export function dmarcRow(facts: DomainFacts): RowDraft {
  const place = firstFound(facts.dmarc, isPolicy);
  if (place === undefined) return { ...about, state: "cannot_know", summary: "No name to look at." };
  const verdict: Judged = unanswered(place) ?? judge(place, facts);
  if (place.looked.kind === "failed") return { ...about, ...verdict };
  // A policy that counts is shown as it stands: a weaker one to copy would undo the protection of the whole domain.
  const standing = verdict.facts !== undefined;
  const record = standing
    ? shownRecord("TXT", place, { value: policyAt(place), state: "good" })
    : shownRecord("TXT", place, { value: suggestion(facts), state: verdict.state });
  return { ...about, ...verdict, records: [record] };
}

const policyAt = ({ looked }: LookedAt) => (looked.kind === "found" ? looked.values.filter(isPolicy).join("") : "");
const suggestion = ({ domain }: DomainFacts) => `v=DMARC1; p=none; rua=mailto:dmarc@${domain}`;

type Judged = Pick<RowDraft, "state" | "summary" | "facts">;

function judge(place: LookedAt, facts: DomainFacts): Judged {
  const found = place.looked.kind === "found" ? place.looked.values.filter(isPolicy) : [];
  const [record] = found;
  if (record === undefined)
    return {
      state: "warning",
      summary: `${facts.domain} has no DMARC policy. Begin with p=none and read the reports.`,
    };
  if (found.length > 1)
    return {
      state: "broken",
      summary: `${place.name} has ${found.length} policies, so receivers ignore them all (RFC 7489). Leave only one.`,
    };
  const tags = tagsOf(record);
  const inherited = place.name !== `_dmarc.${facts.domain}`;
  const word = ((inherited ? tags.get("sp") : undefined) ?? tags.get("p") ?? "").toLowerCase();
  const policy = policies.find((one) => one === word);
  if (policy === undefined)
    return {
      state: "broken",
      summary: `The policy at ${place.name} has no valid p=, so receivers ignore it: write p=none, p=quarantine or p=reject.`,
    };
  return judgeAlignment({ policy, tags, place, inherited }, facts);
}

type Given = { policy: Policy; tags: ReadonlyMap<string, string>; place: LookedAt; inherited: boolean };

function judgeAlignment({ policy, tags, place, inherited }: Given, facts: DomainFacts): Judged {
  const alignment = { dkim: tags.get("adkim") ?? "r", spf: tags.get("aspf") ?? "r" };
  const dkim = dkimAligned(facts, alignment.dkim);
  const { byPostmark } = facts;
  // pm-bounces.example.com is aligned with example.com only where alignment is relaxed.
  const spf = byPostmark && returnPathIsOurs(facts.returnPath) !== undefined && alignment.spf.toLowerCase() !== "s";
  const ownSpf = spf ? "aligned by the Return-Path" : "not aligned";
  const via = byPostmark ? "through Postmark" : "through this server";
  const shown = [
    { label: "Policy", value: inherited ? `${policy}, inherited from ${place.name}` : policy },
    { label: "DKIM alignment", value: `${modes(alignment.dkim)}; ${dkimWords[dkim]}` },
    {
      label: "SPF alignment",
      value: `${modes(alignment.spf)}; ${byPostmark ? ownSpf : "aligned where the SPF record names the server"}`,
    },
  ];
  if (policy === "none")
    return {
      facts: shown,
      state: "good",
      summary:
        "p=none: receivers report and refuse nothing. When reports show only your own mail, go on to quarantine, then reject.",
    };
  if (dkim === "yes" || spf)
    return { facts: shown, state: "good", summary: `p=${policy}, and mail ${via} is aligned.` };
  if (dkim === "unknown")
    return {
      facts: shown,
      state: "cannot_know",
      summary: `p=${policy}: mail that is not aligned is ${policy === "reject" ? "refused" : "put aside"}. Whether yours is shows once the DKIM selector is known.`,
    };
  if (!byPostmark)
    return {
      facts: shown,
      state: "cannot_know",
      summary: `p=${policy}, and there is no aligned DKIM key: mail ${via} passes only where the domain’s SPF record names it. Mend DKIM.`,
    };
  return {
    facts: shown,
    state: "broken",
    summary: `p=${policy}, and mail ${via} is not aligned: receivers ${policy === "reject" ? "refuse it" : "put it into spam"}. Mend DKIM.`,
  };
}

function dkimAligned(facts: DomainFacts, mode: string): "yes" | "no" | "unknown" {
  const row = dkimRow(facts);
  const states: Record<DoctorState, "yes" | "no" | "unknown"> = {
    good: "yes",
    broken: "no",
    warning: "unknown",
    cannot_know: "unknown",
  };
  const strict = mode.toLowerCase() === "s";
  const signedAbove = !row.records?.[0]?.name.endsWith(`._domainkey.${facts.domain}`);
  return states[row.state] === "yes" && strict && signedAbove ? "no" : states[row.state];
}

const dkimWords = { yes: "aligned", no: "not aligned", unknown: "not known" };
const modes = (mode: string) => (mode.toLowerCase() === "s" ? "strict" : "relaxed");

const tagsOf = (record: string): ReadonlyMap<string, string> =>
  new Map(
    record.split(";").flatMap((part): [string, string][] => {
      const [name = "", value] = part.split("=");
      return value === undefined ? [] : [[name.trim().toLowerCase(), value.trim()]];
    }),
  );
