import * as z from "zod";
import type { Stream } from "./connector";

export type * from "./connector";
export * from "./doctor/row";
export { type News, news } from "./news";
export { lifecycleProblem, namedStream, resolveStream, streamProblem } from "./streams";

const singleLine = (text: string) => !/\p{Cc}/u.test(text);
const oneLine = (charactersMax: number) =>
  z
    .string()
    .trim()
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .refine(singleLine, "Use a single line, without control characters.");

/** One line or nothing; a form's empty field counts as nothing. */
const optionalLine = (charactersMax: number) => oneLine(charactersMax).transform(emptyAsNull).nullish();
const optionalEmail = z
  .string()
  .trim()
  .max(254, "An email address has at most 254 characters.")
  .refine(
    (text) => text === "" || z.email().safeParse(text).success,
    "Enter one bare address, such as hello@example.com.",
  )
  .transform(emptyAsNull)
  .nullish();

function emptyAsNull(text: string): string | null {
  return text === "" ? null : text;
}

/** Postmark's rule for the ids of streams (its error 1227). What passes can stand in a path. */
const streamIdPattern = /^[a-z][a-z0-9_-]{0,29}$/;
const optionalStream = z
  .string()
  .trim()
  .refine(
    (text) => text === "" || streamIdPattern.test(text),
    "A stream's id begins with a letter and has at most 30 lower-case letters, digits, - and _.",
  )
  .transform(emptyAsNull)
  .nullish();

const serverToken = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,200}$/, "A server token is 1 to 200 visible characters without spaces.");

const provider = z.literal("postmark", {
  error: ({ input }) =>
    input === "smtp"
      ? "SMTP comes with a later release. For now a connection is native: send provider “postmark” with a server_token."
      : "The provider must be “postmark”.",
});

/** A path's id that is not one belongs to nothing, so it is not found rather than invalid. */
const pathId = z.string().max(64);

const settings = {
  from_email: optionalEmail.describe("Optional: a step may bring its own."),
  from_name: optionalLine(100),
  reply_to_email: optionalEmail,
  message_stream: optionalStream.describe("Null: the server's only live broadcast stream, else outbound."),
};
/** A name in DNS: labels of letters, digits, - and _ (RFC 1035, RFC 2181 §11). */
const optionalName = (sentence: string) =>
  z
    .string()
    .trim()
    .toLowerCase()
    .max(253)
    .regex(/^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.(?!$)|$))*$/, sentence)
    .transform(emptyAsNull)
    .nullish();
const domainNames = {
  dkim_selector: optionalName("Enter the selector alone, such as 20231123163444pm.").describe(
    "Of the sending domain, so that the doctor can look its DKIM key up.",
  ),
  return_path_domain: optionalName("Enter a domain name, such as pm-bounces.example.com.").describe(
    "Where the Return-Path stands, if not at pm-bounces of the sending domain.",
  ),
};
const displayName = oneLine(100).min(1, "Give it a name.");

export const createConnectionInput = z.strictObject({
  provider,
  display_name: displayName,
  server_token: serverToken,
  ...settings,
  allow_transactional: z.boolean().default(false).describe("Lifecycle mail may leave on a transactional stream."),
});
export type CreateConnectionInput = z.output<typeof createConnectionInput>;

/** What Validate needs before anything is saved: the form may still lack a name. */
export const validateDraftInput = createConnectionInput.partial({ display_name: true });
export type ValidateDraftInput = z.output<typeof validateDraftInput>;

export const changeConnectionInput = z.strictObject({
  id: pathId,
  provider: provider.optional(),
  display_name: displayName.optional(),
  server_token: serverToken.optional(),
  ...settings,
  ...domainNames,
  allow_transactional: z.boolean().optional(),
});
export type ChangeConnectionInput = z.output<typeof changeConnectionInput>;

export const connectionInput = z.strictObject({ id: pathId });
export type ConnectionInput = z.output<typeof connectionInput>;

export const listConnectionsInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
});
export type ListConnectionsInput = z.output<typeof listConnectionsInput>;

export const connectionStatuses = ["unvalidated", "ready", "failing", "disabled"] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

const instant = z.iso.datetime();
const server = z.object({ id: z.string(), name: z.string() });
const publicStream = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(["broadcast", "transactional", "other"]).describe("Lifecycle mail belongs on broadcast."),
  unsubscribe_handling: z.enum(["provider", "custom", "none"]),
  archived: z.boolean(),
});
export type PublicStream = z.infer<typeof publicStream>;

/** A connection as people and programs see it. Its credentials are not part of it. */
export const connection = z.object({
  id: z.uuid(),
  project_id: z.uuid(),
  provider: z.string(),
  display_name: z.string(),
  server_token_last4: z.string().describe("Empty for tokens of less than eight characters."),
  from_email: z.string().nullable(),
  from_name: z.string().nullable(),
  reply_to_email: z.string().nullable(),
  message_stream: z.string().nullable(),
  allow_transactional: z.boolean(),
  dkim_selector: z.string().nullable(),
  return_path_domain: z.string().nullable(),
  status: z.enum(connectionStatuses),
  last_validated_at: instant.nullable(),
  last_error: z.string().nullable(),
  webhook_url: z.string(),
  webhook_secret: z.string().nullable().describe("Only for those who may manage connections."),
  server: server.nullable().describe("What the token opened at the last validation."),
  streams: z.array(publicStream),
  created_at: instant,
  updated_at: instant,
});
export type Connection = z.infer<typeof connection>;
export const connectionList = z.object({
  data: z.array(connection),
  next_cursor: z.string().nullable().describe("Null on the last page."),
});
export type ConnectionList = z.infer<typeof connectionList>;

export const connectionCheck = z.object({
  status: z.literal("ready"),
  server,
  streams: z.array(publicStream),
  stats_available: z.boolean().describe("False: the plan lacks statistics. Sending does not need them."),
  message: z.string(),
});
export type ConnectionCheck = z.infer<typeof connectionCheck>;

export const webhooksSeen = z.object({
  data: z.array(z.object({ record_type: z.string(), last_received_at: instant })),
});
export type WebhooksSeen = z.infer<typeof webhooksSeen>;

/** The reasons with which `provider_rejected` answers. */
export const rejectionCodes = [
  "bad_credentials",
  "from_not_verified",
  "recipient_inactive",
  "stream_unknown",
  "account_pending",
  "unreachable",
  "rate_limited",
  "rejected",
] as const;
export type Rejection = { code: (typeof rejectionCodes)[number]; message: string; hint: string };

/** A connection as the engine sees it. No secrets: the connector has them. */
export type ConnectionRecord = {
  id: string;
  workspaceId: string;
  provider: string;
  displayName: string;
  fromEmail: string | null;
  fromName: string | null;
  replyToEmail: string | null;
  messageStream: string | null;
  allowTransactional: boolean;
  dkimSelector: string | null;
  returnPathDomain: string | null;
  status: ConnectionStatus;
  credentialsLast4: string;
  /** Differs after every change of the credentials; tells nothing about them. */
  credentialsVersion: string;
  serverId: string | null;
  serverName: string | null;
  streams: Stream[];
  lastValidatedAt: Date | null;
  lastError: string | null;
  failingSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
};
