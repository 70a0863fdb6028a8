/** An address that a provider holds back on one stream. */
export type ListedSuppression = {
  /** One bare address, lower case. */
  email: string;
  /** An unsubscribe is the recipient's own doing; what somebody else entered by hand is `manual`. */
  reason: "hard_bounce" | "spam_complaint" | "unsubscribe" | "manual";
  origin: "recipient" | "customer" | "admin" | "provider";
  createdAt: Date;
};

/** `code`: the provider's own, where it gave one. */
type ListRefusal = { kind: "cannot_know"; cause: string; code?: number | null };

/** Every address of a list, or why it could not be read: then nothing follows from what is absent. */
export type SuppressionDump = { kind: "listed"; entries: ListedSuppression[] } | ListRefusal;

/** What became of one address. `refused`: in the provider's words; asking again will not help. */
export type ListedChange = { email: string } & ({ kind: "done" } | { kind: "refused"; message: string });

/** `cannot_know`: no answer, or none that can be used. Adding and removing again is harmless. */
export type ListAnswer = { kind: "answered"; changes: ListedChange[] } | ListRefusal;

/**
 * The list of addresses that a provider keeps by stream and refuses to write to. Changes may take seconds until a dump shows them.
 * Never throws for what the provider does.
 */
export interface SuppressionList {
  /** Addresses in one call of `add` or `remove`. */
  readonly addressesMax: number;
  dump(stream: string): Promise<SuppressionDump>;
  add(stream: string, emails: readonly string[]): Promise<ListAnswer>;
  /** Takes addresses off the list; one that is not on it counts as done. */
  remove(stream: string, emails: readonly string[]): Promise<ListAnswer>;
  /** Makes a bounced address active again, where `remove` was refused. */
  reactivate(stream: string, email: string): Promise<ListAnswer>;
}
