/** What a question to DNS came to. `exists` false: the whole name is unknown (NXDOMAIN), not only this type of record. */
export type Looked =
  | { kind: "found"; values: string[] }
  | { kind: "none"; exists: boolean }
  /** Nothing is known: no answer in time, or a server that did not want to say. `broken`: the domain’s own servers fail (SERVFAIL). */
  | { kind: "failed"; why: "timeout" | "broken" | "refused" };

export type LookedAt = { name: string; looked: Looked };

/** What DNS says of the From address’s domain. Lists: of the domain itself, then of those above it. */
export type DomainFacts = {
  domain: string;
  /** Whether mail leaves through Postmark, whichever way; else through a mail server of which nothing is known. */
  byPostmark: boolean;
  spf: LookedAt;
  mx: LookedAt;
  dmarc: LookedAt[];
  /** Null: nobody has entered the selector. */
  dkim: LookedAt[] | null;
  returnPath: LookedAt[];
};

const levelsMax = 4;

/** `mail.example.com` → itself and `example.com`: a signature or policy of a domain above counts for it too (RFC 7489 §3.1). */
export function withParents(domain: string): string[] {
  const labels = domain.split(".");
  return labels
    .slice(0, Math.max(labels.length - 1, 1))
    .map((_, from) => labels.slice(from).join("."))
    .slice(0, levelsMax);
}

export const domainOf = (email: string): string => email.slice(email.lastIndexOf("@") + 1).toLowerCase();

/** The first place that has what was asked for; else one that did not answer, because it may have it; else the domain’s own. */
export const firstFound = (
  places: readonly LookedAt[],
  wanted: (value: string) => boolean = () => true,
): LookedAt | undefined =>
  places.find(({ looked }) => looked.kind === "found" && looked.values.some(wanted)) ??
  places.find(({ looked }) => looked.kind === "failed") ??
  places[0];
