/**
 * What the provider remembers of a send, it remembers once: that it was delivered, its first open, the first click on each link. An
 * event's slot is the one of these that it tells; null: none of them, so that there may be several. What was filled in by asking and
 * what a webhook told are the same where their slots are.
 */
export function slotOf(kind: string, data: Readonly<Record<string, unknown>>): string | null {
  switch (kind) {
    case "delivered":
    case "unsubscribed":
      return kind;
    case "opened":
      // A later open says so; the first one, and any that does not say, takes the place of the first.
      return data.first_open === false ? null : kind;
    case "clicked":
      return typeof data.link === "string" ? `clicked ${data.link}` : null;
    default:
      // Bounces and complaints are told under one key by webhook and by asking.
      return null;
  }
}

/** How an event is marked that was told by asking, and not yet by a webhook. */
export const filledMark = "looked_up";
