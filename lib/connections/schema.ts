import * as z from "zod";
import type { Stream } from "./connector";
import { lifeChange, lifeFields } from "./life-schema";
import { smtpFields, smtpPort, smtpSecure, strangeTo, wholeLogin } from "./smtp/fields";

export * from "./alert-schema";
export type * from "./connector";
export * from "./doctor/row";
export * from "./life-schema";
export type * from "./message-history";
export { type News, news } from "./news";
export { type Rejection, rejectionCodes } from "./rejection";
export { postmarkHost, streamWarning } from "./smtp/place";
export { lifecycleProblem, namedStream, resolveStream, streamProblem } from "./streams";
export { fillsPlaceholder, unsubscribeBy } from "./unsubscribe";

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

const requiredEmail = z
  .string("Mail by SMTP needs a sender address.")
  .trim()
  .max(254, "An email address has at most 254 characters.")
  .pipe(z.email("Enter one bare address, such as hello@example.com."));

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

const postmarkInput = z.strictObject({
  provider: z.literal("postmark"),
  display_name: displayName,
  server_token: serverToken,
  ...settings,
  allow_transactional: z.boolean().default(false).describe("Lifecycle mail may leave on a transactional stream."),
});
const smtpInput = z.strictObject({
  provider: z.literal("smtp"),
  display_name: displayName,
  ...settings,
  from_email: requiredEmail,
  message_stream: optionalStream.describe("Only Postmark's servers know streams; it is sent to them as a header."),
  ...smtpFields,
});

const eitherProvider = { error: () => "The provider must be “postmark” or “smtp”." };
export const createConnectionInput = z.discriminatedUnion(
  "provider",
  [postmarkInput, smtpInput.superRefine(wholeLogin)],
  eitherProvider,
);
export type CreateConnectionInput = z.output<typeof createConnectionInput>;

/** What Validate needs before anything is saved: the form may still lack a name. */
export const validateDraftInput = z.discriminatedUnion(
  "provider",
  [
    postmarkInput.partial({ display_name: true }),
    smtpInput.partial({ display_name: true, from_email: true }).superRefine(wholeLogin),
  ],
  eitherProvider,
);
export type ValidateDraftInput = z.output<typeof validateDraftInput>;

/** Flat, because what may be changed depends on what the connection is; with `provider` it becomes one of that kind in place. */
export const changeConnectionInput = z
  .strictObject({
    id: pathId,
    provider: z
      .enum(["postmark", "smtp"], eitherProvider)
      .optional()
      .describe(
        "Another than before: the connection moves in place. Id, automations and webhook stay. What is unknown then waits for its webhook or a person.",
      ),
    display_name: displayName.optional(),
    server_token: serverToken.optional().describe("Postmark only."),
    ...settings,
    allow_transactional: z.boolean().optional().describe("Postmark only."),
    smtp_host: smtpFields.smtp_host
      .optional()
      .describe(
        "SMTP only. With another host or port, or without encryption, the password (and a user name that is a secret) is asked for again.",
      ),
    smtp_port: smtpPort.optional().describe("SMTP only."),
    smtp_secure: smtpSecure.optional().describe("SMTP only."),
    username: smtpFields.username,
    password: smtpFields.password,
    ...domainNames,
    ...lifeChange,
  })
  .superRefine(({ provider, ...change }, context) => {
    for (const [path, message] of provider ? strangeTo(provider, change) : [])
      context.addIssue({ code: "custom", path: [path], message });
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
  server_token_last4: z.string().nullable().describe("Empty for tokens of less than eight characters. Null for SMTP."),
  smtp_host: z.string().nullable(),
  smtp_port: z.number().nullable(),
  smtp_secure: z.enum(["starttls", "tls", "none"]).nullable(),
  username: z
    .string()
    .nullable()
    .describe("Of a user name that is a secret itself (a server token) the last four characters."),
  password_set: z.boolean(),
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
  webhook_secret: z
    .string()
    .nullable()
    .describe("Only for those who may manage connections, and where this installation can read it."),
  server: server.nullable().describe("What the token opened at the last validation."),
  streams: z.array(publicStream),
  ...lifeFields,
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
  /** The stored streams are of no shape that this release knows: they are asked for anew before anything leaves, never guessed. */
  streamsUnreadable?: true;
  lastValidatedAt: Date | null;
  lastError: string | null;
  failingSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
};
