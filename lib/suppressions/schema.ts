import * as z from "zod";

/** Why an address is not written to. Bounces, complaints and manual ones hold for the workspace, an unsubscribe for its connection and stream. */
export const suppressionReason = z.enum(["hard_bounce", "spam_complaint", "unsubscribe", "manual"]);
export type SuppressionReason = z.infer<typeof suppressionReason>;
export const suppressionScope = z.enum(["workspace", "stream"]);
export type SuppressionScope = z.infer<typeof suppressionScope>;
/** Who caused it: the recipient, the customer (this workspace), an admin of the provider, or the provider itself. */
const suppressionOrigin = z.enum(["recipient", "customer", "admin", "provider"]);
type SuppressionOrigin = z.infer<typeof suppressionOrigin>;

/** Something that became so, where and when it happened. */
export type SuppressionChange = {
  email: string;
  scope: SuppressionScope;
  /** Where it happened; null where that is nowhere in particular. A change of scope `stream` holds only there. */
  connectionId: string | null;
  stream: string | null;
  /** False: lifted. */
  active: boolean;
  /** Null only when lifted: whatever held for the address because of that stream. */
  reason: SuppressionReason | null;
  origin: SuppressionOrigin;
  changedAt: Date;
  /** It was learnt from the provider's list of that stream. Absent: only where the provider is the origin. What was not is put on that list. */
  listed?: boolean;
};

/** One reason not to write to one address. */
export const suppression = z.object({
  email: z.string().describe("Lower case."),
  scope: suppressionScope,
  connection_id: z.uuid().nullable().describe("Only of scope stream."),
  stream: z.string().nullable().describe("Only of scope stream; * means every stream of the connection."),
  reason: suppressionReason,
  origin: suppressionOrigin,
  created_at: z.iso.datetime(),
  listed_on: z
    .object({ connection_id: z.uuid(), stream: z.string() })
    .nullable()
    .describe("Whose list it is of, also where it holds for the workspace. Null: made here for the workspace."),
  push: z
    .object({
      status: z.enum(["pending", "refused", "failed"]),
      message: z.string().nullable().describe("In the provider's words."),
    })
    .nullable()
    .describe("What is being changed on the provider's own list, or could not be. Null: nothing is."),
});
export type Suppression = z.infer<typeof suppression>;

/** Addresses are compared in this form, everywhere. */
export const normalEmail = (email: string): string => email.trim().toLowerCase();

const emailAddress = z
  .string("Enter an email address.")
  .trim()
  .toLowerCase()
  .max(254, "An email address has at most 254 characters.")
  .pipe(z.email("Enter an email address, such as ada@example.com."));

/** A stretch of text that PostgreSQL can hold. */
const plain = (charactersMax: number) =>
  z
    .string()
    .trim()
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .refine((text) => !text.includes("\u0000"), "must not contain U+0000");

const projectId = z.string().max(64).optional().describe("The workspace's id.");

export const listSuppressionsInput = z.strictObject({
  project_id: projectId,
  email: plain(254).optional().describe("Exactly this address."),
  q: plain(254).optional().describe("Addresses that begin like this."),
  reason: suppressionReason.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(2000).optional(),
});
export type ListSuppressionsInput = z.infer<typeof listSuppressionsInput>;

export const suppressionPage = z.object({
  data: z.array(suppression),
  next_cursor: z.string().nullable().describe("Null on the last page."),
});
export type SuppressionPage = z.infer<typeof suppressionPage>;

/** By hand: for the whole workspace, or for one stream of one connection. */
export const createSuppressionInput = z
  .strictObject({
    project_id: projectId,
    email: emailAddress,
    scope: suppressionScope.nullish(),
    connection_id: z.uuid("This is not an id.").nullish(),
    stream: plain(100).min(1).nullish(),
    reason: z.literal("manual", "Only manual ones are made by hand; the others come from the provider.").nullish(),
  })
  .superRefine((input, context) => {
    const wantsStream = input.scope === "stream" || Boolean(input.connection_id) || Boolean(input.stream);
    if (!wantsStream) return;
    if (input.scope === "workspace")
      context.addIssue({
        code: "custom",
        path: ["scope"],
        message: "Scope workspace takes neither connection_id nor stream.",
      });
    for (const field of ["connection_id", "stream"] as const)
      if (!input[field])
        context.addIssue({
          code: "custom",
          path: [field],
          message: "Scope stream needs a connection_id and a stream.",
        });
  });
export type CreateSuppressionInput = z.infer<typeof createSuppressionInput>;

/** Without connection and stream: everything that holds for the address. */
export const deleteSuppressionInput = z.strictObject({
  project_id: projectId,
  email: plain(320),
  connection_id: z.string().max(64).optional(),
  stream: plain(100).optional(),
});
export type DeleteSuppressionInput = z.infer<typeof deleteSuppressionInput>;

/** How a provider's list of one stream stands to ours. `missing_*`: what the last reading found amiss, and mended. */
const suppressionListState = z.object({
  connection_id: z.uuid(),
  stream: z.string(),
  here: z.number().int().describe("Addresses that are held back on this stream here."),
  there: z.number().int().describe("Addresses on the provider's list."),
  missing_here: z.number().int().describe("Found on the provider's list only, and taken over."),
  missing_there: z
    .number()
    .int()
    .describe("Found here only: lifted here when they came from that list, else put on it."),
  pending_pushes: z.number().int().describe("Changes that are on their way to the provider; counted up to 1,000."),
  synced_at: z.iso.datetime().nullable().describe("Null: never yet."),
  due_at: z.iso.datetime().nullable(),
  error: z.string().nullable().describe("Why the list could not be read the last time."),
});
export type SuppressionListState = z.infer<typeof suppressionListState>;

export const syncSuppressionsInput = z.strictObject({ id: z.string().max(64) });
export type SyncSuppressionsInput = z.infer<typeof syncSuppressionsInput>;
export const suppressionListStates = z.object({ data: z.array(suppressionListState) });
export type SuppressionListStates = z.infer<typeof suppressionListStates>;

/** A change of a provider's list that did not come about. */
export type TroubledPush = {
  email: string;
  connectionId: string;
  stream: string;
  wanted: "suppressed" | "lifted";
  status: "refused" | "failed";
  message: string | null;
  at: string;
};
