import { dkimRow } from "./dkim-row";
import { dmarcRow } from "./dmarc-row";
import { type DomainFacts, firstFound, type LookedAt } from "./domain";
import type { DoctorFacts } from "./facts";
import { bounceHost, returnPathIsOurs, shownRecord, unanswered } from "./look";
import type { DoctorState, RowDraft } from "./row";

/** The sending domain as DNS shows it. */
export function domainRows({ domain: facts }: Pick<DoctorFacts, "domain">): RowDraft[] {
  if (facts === null)
    return [
      {
        id: "domain",
        title: "Sending domain",
        state: "cannot_know",
        summary: "Without a From address there is no domain to look at. Enter one under “Sender and stream”.",
        meaning: "DKIM, DMARC and the like are looked up for the domain of the connection’s From address.",
      },
    ];
  return [
    dkimRow(facts),
    dmarcRow(facts),
    ...(facts.byPostmark ? [returnPathRow(facts.returnPath)] : []),
    spfRow(facts.spf, facts),
    mxRow(facts.mx),
  ];
}

function returnPathRow(places: readonly LookedAt[]): RowDraft {
  const place = returnPathIsOurs(places) ?? firstFound(places);
  const about = {
    id: "return_path",
    title: "Return-Path",
    meaning:
      "Optional: it aligns SPF with your domain as well, and some receivers (Apple’s Hide My Email) refuse mail without it. It is set in Postmark under Sender Signatures, published as below, and then verified there; whether it was cannot be seen from here.",
  };
  if (place === undefined) return { ...about, state: "cannot_know", summary: "No name to look at." };
  const failed = unanswered(place);
  const record = (state: DoctorState) => ({ records: [shownRecord("CNAME", place, { value: bounceHost, state })] });
  if (failed) return { ...about, ...failed, ...record(failed.state) };
  if (place.looked.kind === "found" && place === returnPathIsOurs(places))
    return { ...about, ...record("good"), state: "good", summary: `${place.name} leads to Postmark.` };
  const summary =
    place.looked.kind === "found"
      ? `${place.name} leads to ${place.looked.values[0]}, not to Postmark.`
      : `There is no ${place.name}: bounces go to Postmark’s own ${bounceHost}.`;
  return { ...about, ...record("warning"), state: "warning", summary };
}

const spfTerm = /^(?:[+?~-])?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?:[:]|$)|exists:|redirect=)/i;
const spfLookupsMax = 10; // RFC 7208 §4.6.4

const postmarkSpf =
  "Postmark needs no include any more: SPF is judged by the Return-Path’s domain, which is Postmark’s, and DMARC is satisfied by an aligned DKIM signature. Guides that still ask for include:spf.mtasv.net are out of date; where it stands it does no harm.";

function spfRow(place: LookedAt, { byPostmark }: DomainFacts): RowDraft {
  const about = {
    id: "spf",
    title: "SPF",
    meaning: byPostmark
      ? postmarkSpf
      : "Mail by this connection leaves with the From address as its sender, so receivers ask this domain’s SPF record whether the server may do that. What to put into it, your provider says.",
  };
  const failed = unanswered(place);
  if (failed) return { ...about, ...failed };
  const found = place.looked.kind === "found" ? place.looked.values : [];
  const policies = found.filter((value) => /^v=spf1(\s|$)/i.test(value));
  const [first] = policies;
  if (first === undefined)
    return byPostmark
      ? { ...about, state: "good", summary: `${place.name} has no SPF record, and mail through Postmark needs none.` }
      : {
          ...about,
          state: "warning",
          summary: `${place.name} has no SPF record: publish one that names the mail server, as its provider says.`,
        };
  const facts = policies.map((value) => ({ label: "Found", value }));
  if (policies.length > 1)
    return {
      ...about,
      facts,
      state: "warning",
      summary: `${place.name} has ${policies.length} SPF records, which counts as an error (RFC 7208): merge them.`,
    };
  const lookups = first.split(/\s+/).filter((term) => spfTerm.test(term)).length;
  if (lookups > spfLookupsMax)
    return {
      ...about,
      facts,
      state: "warning",
      summary: `Its SPF record asks for ${lookups} further look-ups, where ${spfLookupsMax} are allowed: it fails for all your mail.`,
    };
  if (!byPostmark)
    return {
      ...about,
      facts,
      state: "cannot_know",
      summary: `${place.name} has one SPF record. Whether it names this mail server, its provider says.`,
    };
  const old = first.toLowerCase().includes("include:spf.mtasv.net")
    ? " Its include of Postmark is no longer needed."
    : "";
  return { ...about, facts, state: "good", summary: `${place.name} has one SPF record.${old}` };
}

function mxRow(place: LookedAt): RowDraft {
  const about = {
    id: "mx",
    title: "Mail to the domain (MX)",
    meaning: "Readers reply, and some receivers distrust senders who cannot be written to.",
  };
  const failed = unanswered(place);
  if (failed) return { ...about, ...failed };
  const { looked, name } = place;
  if (looked.kind === "found" && !looked.values.every((value) => /^\d+ \.$/.test(value)))
    return {
      ...about,
      state: "good",
      summary: `${name} takes mail.`,
      facts: looked.values.map((value) => ({ label: "MX", value })),
    };
  const summary =
    looked.kind === "found"
      ? `${name} says that it takes no mail (RFC 7505), so replies to it bounce.`
      : looked.kind === "none" && !looked.exists
        ? `DNS does not know ${name} at all. Look for a slip in the From address.`
        : `${name} has no MX record, so replies to it may bounce.`;
  return { ...about, state: "warning", summary };
}
