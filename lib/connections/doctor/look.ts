import type { Looked, LookedAt } from "./domain";
import type { DnsRecord, DoctorState, RowDraft } from "./row";

/** What it means that a question had no answer; null when it had one, which may be that there is nothing. */
export function unanswered({ name, looked }: LookedAt): Pick<RowDraft, "state" | "summary"> | null {
  if (looked.kind !== "failed") return null;
  switch (looked.why) {
    case "timeout":
      return { state: "cannot_know", summary: `DNS did not answer in time about ${name}. Check again in a minute.` };
    case "refused":
      return {
        state: "cannot_know",
        summary: `The DNS server that was asked would not tell about ${name}. Another can be named with DNS_SERVERS.`,
      };
    case "broken":
      return {
        state: "warning",
        summary: `The name servers of ${name} fail (SERVFAIL): receivers cannot read it either.`,
      };
  }
}

export const shownRecord = (
  type: string,
  { name, looked }: LookedAt,
  { value, state }: { value: string; state: DoctorState },
): DnsRecord => ({ type, name, value, state, found: textOf(looked) });

const textOf = (looked: Looked): string | null => (looked.kind === "found" ? looked.values.join("\n") : null);

/** Where a Return-Path of one’s own leads (reference §11). */
export const bounceHost = "pm.mtasv.net";

/** Reference §11: without it bounces go to pm.mtasv.net, where SPF passes without being aligned. */
export const returnPathIsOurs = (places: readonly LookedAt[]): LookedAt | undefined =>
  places.find(({ looked }) => looked.kind === "found" && looked.values.some((value) => sameHost(value, bounceHost)));

const sameHost = (one: string, other: string) => one.toLowerCase().replace(/\.$/, "") === other;
