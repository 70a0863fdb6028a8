import * as z from "zod";

/** What is said when a connection goes wrong, and to whom. Opens through `schema.ts`. */

/** Of a day. With less than `sentMin` one of three would alarm. An alert closes at a part of what opened it, so that it does not flicker. */
export const alertRules = {
  sentMin: 100,
  complaintShareMax: 0.001,
  bounceShareMax: 0.05,
  closesAtPart: 0.8,
  /** A breaker that is not closed for this long is a connection that fails. */
  failingAfterMinutes: 5,
} as const;

const instant = z.iso.datetime();

export const alertFigures = z.object({
  sent: z.number().optional(),
  count: z.number().optional(),
  why: z.string().nullish(),
});
export type AlertFigures = z.infer<typeof alertFigures>;

export const alertDelivery = z.object({
  channel: z.enum(["webhook", "email"]),
  to: z.string(),
  outcome: z.enum(["delivered", "failed", "unknown"]).describe("Unknown: no answer came; an email is not sent again."),
  detail: z.string().nullable(),
  tries: z.number(),
  at: instant,
});
export type AlertDelivery = z.infer<typeof alertDelivery>;

export const alert = z.object({
  id: z.uuid(),
  connection: z.object({ id: z.uuid(), display_name: z.string() }),
  kind: z.string().describe("failing, complaints or bounces."),
  sentence: z.string(),
  opened_at: instant,
  closed_at: instant.nullable().describe("Null while it goes on."),
  acknowledged_at: instant.nullable(),
  acknowledged_by: z.string().nullable(),
  figures: alertFigures,
  deliveries: z.array(alertDelivery),
});
export type Alert = z.infer<typeof alert>;

export const listAlertsInput = z.strictObject({
  project_id: z.string().max(64).optional(),
  connection_id: z.string().max(64).optional(),
  open: z.stringbool().optional().describe("true: only those that go on; false: only those that are over."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
});
export type ListAlertsInput = z.output<typeof listAlertsInput>;
export const alertList = z.object({ data: z.array(alert), next_cursor: z.string().nullable() });
export type AlertList = z.infer<typeof alertList>;

export const alertInput = z.strictObject({ id: z.string().max(64) });
export type AlertInput = z.output<typeof alertInput>;

const webhookUrl = z
  .string()
  .trim()
  .max(2_000, "Use at most 2,000 characters.")
  .transform((text) => (text === "" ? null : text))
  .nullable()
  .refine(
    (text) => text === null || isWebUrl(text),
    "Enter a URL such as https://example.com/alerts, without a password in it.",
  );

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

export const alertSettings = z.object({
  alert_webhook_url: z.string().nullable(),
  alert_webhook_secret: z
    .string()
    .nullable()
    .describe("Signs the calls; only for those who may manage the workspace. A new one is made with each new URL."),
  alert_webhook_problem: z.string().nullable().describe("Why the webhook is not called, and what mends it."),
  alert_email_admins: z.boolean().describe("Owners and admins get an email through the default connection."),
});
export type AlertSettings = z.infer<typeof alertSettings>;

export const alertSettingsInput = z.strictObject({ project_id: z.string().max(64).optional() });
export const changeAlertSettingsInput = z.strictObject({
  project_id: z.string().max(64).optional(),
  alert_webhook_url: webhookUrl.optional(),
  alert_email_admins: z.boolean().optional(),
});
export type ChangeAlertSettingsInput = z.output<typeof changeAlertSettingsInput>;

const percent = (count: number, sent: number) => `${Math.round((count / sent) * 10_000) / 100} %`;

/** One sentence for people: what is wrong and how bad. */
export function alertSentence(kind: string, name: string, { sent = 0, count = 0, why }: AlertFigures): string {
  switch (kind) {
    case "complaints":
      return `${percent(count, sent)} of the last day's emails through “${name}” were reported as spam (${count} of ${sent}; more than 0.1 % endangers delivery).`;
    case "bounces":
      return `${percent(count, sent)} of the last day's emails through “${name}” bounced (${count} of ${sent}; more than 5 % endangers delivery).`;
    default:
      return `“${name}” is failing.${why ? ` ${why}` : ""}`;
  }
}
