import type { Tone } from "@/components/ui/tone";
import type { Suppression, SuppressionReason } from "@/lib/suppressions/schema";

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

/** Where it holds, in words. `names`: connections by id; one that is not among them was deleted. */
export function scopeWords(
  { scope, connection_id: connectionId, stream }: Pick<Suppression, "scope" | "connection_id" | "stream">,
  names: ReadonlyMap<string, string>,
): string {
  if (scope === "workspace" || connectionId === null) return "Whole workspace";
  const name = names.get(connectionId) ?? "Deleted connection";
  return stream === null || stream === "*" ? `${name}, every stream` : `${name}, stream ${stream}`;
}

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
    "Remove it only when you know that the address works by now: emails that bounce again harm your reputation. Postmark may still refuse it until it is reactivated there.",
  spam_complaint:
    "This person reported you for spam. Write to them again only if they asked for it themselves: a second complaint harms delivery to everybody else. Postmark may keep refusing the address.",
  unsubscribe: "This person unsubscribed. Write to them again only if they asked for it themselves.",
  manual: "Someone of this workspace added it by hand.",
};
