import * as z from "zod";

/** Something that a provider's webhook said about one message or one recipient, in our words. Its strings can be stored: no U+0000. */
export const news = z.object({
  kind: z.enum(["delivered", "bounced", "transient", "complained", "opened", "clicked", "subscription", "failed"]),
  recordType: z.string(),
  /** Equal for every repeat of the same news. At most 300 characters. */
  newsKey: z.string(),
  providerMessageId: z.string().nullable(),
  /** From the message's metadata, when it is one of ours: a UUID. */
  sendId: z.string().nullable(),
  /** Of that send's attempt which carried it, from the metadata: a UUID. */
  batchId: z.string().nullish(),
  /** One bare address, lower case. */
  recipient: z.string().nullable(),
  stream: z.string().nullable(),
  occurredAt: z.iso.datetime({ offset: true }),
  /** A change of the provider's suppression list. `workspace` scope for bounces and complaints, `stream` for unsubscribes. */
  suppression: z
    .object({
      active: z.boolean(),
      /** Null on a reactivation: it lifts whatever held. */
      reason: z.enum(["hard_bounce", "spam_complaint", "unsubscribe", "manual"]).nullable(),
      origin: z.enum(["recipient", "customer", "admin", "provider"]),
      scope: z.enum(["workspace", "stream"]),
      /** False: it was said to us, and the provider's list has yet to be told. Absent: it is what that list says. */
      listed: z.boolean().optional(),
    })
    .nullable(),
  /** Type of bounce, link, client, place…: what the timeline shows. */
  data: z.record(z.string(), z.unknown()),
});
export type News = z.infer<typeof news>;
