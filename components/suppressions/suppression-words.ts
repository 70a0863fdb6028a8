import type { Tone } from "@/components/ui/tone";
import type { Suppression, SuppressionListState, SuppressionReason } from "@/lib/suppressions/schema";

export const reasonLabels: Record<SuppressionReason, { label: string; tone: Tone; means: string }> = {
  hard_bounce: { label: "Hard bounce", tone: "bad", means: "The address does not take email." },
  spam_complaint: { label: "Spam complaint", tone: "bad", means: "The recipient reported an email as spam." },
  unsubscribe: { label: "Unsubscribe", tone: "warn", means: "The recipient does not want these emails." },
  manual: { label: "Manual", tone: "neutral", means: "Someone of this workspace added it." },
};

export const originLabels: Record<Suppression["origin"], string> = {
  recipient: "Recipient",
  customer: "This workspace",
  admin: "Admin of the provider",
  provider: "Provider",
};

/** Where it holds, in words, and whose list said so. `names`: connections by id; one that is not among them was deleted. */
export function scopeWords(
  { scope, listed_on: list }: Pick<Suppression, "scope" | "listed_on">,
  names: ReadonlyMap<string, string>,
): string {
  if (list === null) return "Whole workspace";
  const name = names.get(list.connection_id) ?? "Deleted connection";
  const place = list.stream === "*" ? `${name}, every stream` : `${name}, stream ${list.stream}`;
  return scope === "workspace" ? `Whole workspace (${place})` : place;
}

/** What is being changed of it at Postmark, or could not be. */
export const pushLabels: Record<
  NonNullable<Suppression["push"]>["status"],
  { label: string; tone: Tone; means: string }
> = {
  pending: { label: "On its way", tone: "info", means: "Postmark has not been told yet." },
  refused: { label: "Kept by Postmark", tone: "warn", means: "Postmark keeps holding this address back" },
  failed: { label: "Not passed on", tone: "bad", means: "Postmark could not be told" },
};

/** How our list of a stream and Postmark's compare, in a sentence. */
export function listWords({ synced_at, here, there, missing_here, missing_there }: ListFigures): string {
  if (synced_at === null) return "Not read yet.";
  const count = (n: number) => n.toLocaleString("en-US");
  const figures = `${count(here)} here, ${count(there)} at Postmark.`;
  const found = [
    ...(missing_here > 0 ? [`${count(missing_here)} only there`] : []),
    ...(missing_there > 0 ? [`${count(missing_there)} only here`] : []),
  ];
  return found.length === 0
    ? `${figures} Nothing was missing.`
    : `${figures} The last reading found ${found.join(" and ")}.`;
}
type ListFigures = Pick<SuppressionListState, "synced_at" | "here" | "there" | "missing_here" | "missing_there">;

/** Why an address is suppressed, in a line. */
export const suppressionsTitle = (held: readonly Pick<Suppression, "reason">[]): string =>
  [...new Set(held.map(({ reason }) => reasonLabels[reason].means))].join(" ");

/** What undoing it means for the recipient and for the workspace. Without a stream everything of that address goes. */
export function liftingWords(held: Pick<Suppression, "email" | "scope" | "reason">, where: string): string {
  const again =
    held.scope === "workspace"
      ? `${held.email} will get email from this workspace again. Everything that suppresses the address is removed, unsubscribes included.`
      : `What suppresses ${held.email} because of ${where} is removed: it will get email there again, unless something else holds.`;
  return `${again} ${care[held.reason]}`;
}

const care: Record<SuppressionReason, string> = {
  hard_bounce:
    "Remove it only when you know that the address works by now: emails that bounce again harm your reputation. Postmark is asked to reactivate it.",
  spam_complaint:
    "This person reported you for spam. Write to them again only if they asked for it themselves: a second complaint harms delivery to everybody else. Postmark never takes a complaint off its list: while it stands there, this is refused.",
  unsubscribe:
    "This person unsubscribed. Write to them again only if they asked for it themselves. What they did at Postmark only they can undo there: then this is refused.",
  manual: "Someone added it by hand. It is taken off Postmark's list as well.",
};
