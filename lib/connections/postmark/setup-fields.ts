import * as z from "zod";
import { type HookTrigger, type HookVerification, hookTriggers } from "../provider-setup";

/** What Postmark says about servers, streams and webhooks, read into our words. Only what is kept: the answer to GET /server holds the tokens. */

export const serverOf = z
  .object({
    ID: z.number(),
    Name: z.string(),
    DeliveryType: z.string().nullish(),
    TrackOpens: z.boolean().nullish(),
    TrackLinks: z.string().nullish(),
    SmtpApiActivated: z.boolean().nullish(),
  })
  .transform((wire) => ({
    id: String(wire.ID),
    name: wire.Name,
    sandbox: wire.DeliveryType?.toLowerCase() === "sandbox",
    trackOpens: wire.TrackOpens ?? false,
    trackLinks: trackLinksWords.find((word) => word === wire.TrackLinks) ?? "None",
    smtpActivated: wire.SmtpApiActivated ?? true,
  }));
const trackLinksWords = ["None", "HtmlAndText", "HtmlOnly", "TextOnly"] as const;

export const streamOf = z.object({ ID: z.string() }).transform((wire) => ({ id: wire.ID }));

const switched = z.object({ Enabled: z.boolean().nullish() }).nullish();
const triggers = z.object({
  Delivery: switched,
  Bounce: switched,
  SpamComplaint: switched,
  Open: z.object({ Enabled: z.boolean().nullish(), PostFirstOpenOnly: z.boolean().nullish() }).nullish(),
  Click: switched,
  SubscriptionChange: switched,
});

/** Older answers lack `Status`: such a webhook counts as verified (reference §7). */
export const webhookOf = z
  .object({
    ID: z.number(),
    Url: z.string(),
    MessageStream: z.string(),
    Status: z.string().nullish(),
    HttpAuth: z.object({ Username: z.string().nullish(), Password: z.string().nullish() }).nullish(),
    HttpHeaders: z.array(z.object({ Name: z.string(), Value: z.string().nullish() })).nullish(),
    Triggers: triggers.nullish(),
  })
  .transform((wire) => ({
    id: String(wire.ID),
    url: wire.Url,
    stream: wire.MessageStream,
    verified: wire.Status?.toLowerCase() !== "unverified",
    auth: wire.HttpAuth?.Username ? { username: wire.HttpAuth.Username, password: wire.HttpAuth.Password ?? "" } : null,
    headers: (wire.HttpHeaders ?? []).map(({ Name, Value }) => ({ name: Name, value: Value ?? "" })),
    triggers: hookTriggers.filter((name) => wire.Triggers?.[name]?.Enabled === true),
    firstOpenOnly: wire.Triggers?.Open?.PostFirstOpenOnly === true,
  }));

const report = z.object({
  Success: z.boolean(),
  Results: z
    .array(
      z.object({
        TriggerType: z.string(),
        Success: z.boolean(),
        StatusCode: z.number().nullish(),
        Message: z.string().nullish(),
      }),
    )
    .nullish(),
});

const failuresOf = ({ Results }: z.output<typeof report>): HookVerification["failures"] =>
  (Results ?? [])
    .filter(({ Success }) => !Success)
    .map((one) => ({
      trigger: one.TriggerType,
      status: one.StatusCode ?? 0,
      message: (one.Message ?? "").slice(0, 200),
    }));

export const verificationOf = report.transform((wire) => ({ verified: wire.Success, failures: failuresOf(wire) }));

/** Which samples failed, as the refusal 1364 reports; empty when it does not say. */
export const failedProbes = (body: unknown): HookVerification["failures"] => {
  const parsed = report.safeParse(body);
  return parsed.success ? failuresOf(parsed.data) : [];
};

export const statisticsOf = z
  .object({
    Statuses: z.record(z.string(), z.string()).nullish(),
    Metrics: z.object({ TotalRequests: z.number().nullish(), FailureCount: z.number().nullish() }).nullish(),
  })
  .transform(({ Statuses, Metrics }) => ({
    paused: hookTriggers.filter((name: HookTrigger) => Statuses?.[name]?.toLowerCase() === "unverified"),
    requests: Metrics?.TotalRequests ?? 0,
    failures: Metrics?.FailureCount ?? 0,
  }));

export const nothingAsked = z.unknown().transform(() => null);
