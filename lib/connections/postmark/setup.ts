import "server-only";
import { Models } from "postmark";
import * as z from "zod";
import { failureSentence, type NewProviderWebhook, type ProviderSetup, type SetupAnswer } from "../provider-setup";
import type { WholeClient } from "./client";
import { causeOf, type Exchange, envelopeOf } from "./exchange";
import {
  failedProbes,
  nothingAsked,
  serverOf,
  statisticsOf,
  streamOf,
  verificationOf,
  webhookOf,
} from "./setup-fields";
import type { Transport } from "./transport";

const readMs = 5_000;
/** Postmark calls us once for every trigger before it answers (reference §7), each within ten seconds. */
const verifyMs = 65_000;

/** What a server token can read and change: reference §4, §7, §11. */
export function postmarkSetup(transport: Transport): ProviderSetup {
  const call = <T>(work: (client: WholeClient) => Promise<unknown>, schema: z.ZodType<T>, timeoutMs = readMs) =>
    transport.asServer(work, { startWithinMs: readMs, timeoutMs }).then((exchange) => answerOf(exchange, schema));
  return {
    readServer: () => call((client) => client.getServer(), serverOf),
    turnOnTracking: () =>
      call(
        (client) => client.editServer({ TrackOpens: true, TrackLinks: Models.LinkTrackingOptions.HtmlAndText }),
        serverOf,
      ),
    createStream: ({ id, name, description }) =>
      call(
        (client) =>
          client.createMessageStream({ ID: id, Name: name, Description: description, MessageStreamType: "Broadcasts" }),
        streamOf,
      ),
    unarchiveStream: (id) => call((client) => client.unarchiveMessageStream(id), streamOf),
    listWebhooks: () =>
      call(
        (client) => client.getWebhooks(),
        z.object({ Webhooks: z.array(webhookOf) }).transform((list) => list.Webhooks),
      ),
    createWebhook: (webhook) =>
      call(
        (client) => client.createWebhook({ ...wireWebhook(webhook), MessageStream: webhook.stream }),
        webhookOf,
        verifyMs,
      ),
    editWebhook: (id, webhook) =>
      call((client) => client.editWebhook(Number(id), wireWebhook(webhook)), webhookOf, verifyMs),
    verifyWebhook: (id) => call((client) => client.verifyWebhook(Number(id)), verificationOf, verifyMs),
    webhookStatistics: (id) => call((client) => client.webhookStatistics(Number(id)), statisticsOf),
    deleteWebhook: (id) => call((client) => client.deleteWebhook(Number(id)), nothingAsked),
  };
}

/** With every kind of news, every open and not only the first; HTTP Basic, as the webhook's own door knows it. */
function wireWebhook({ url, username, password }: NewProviderWebhook) {
  return {
    Url: url,
    HttpAuth: { Username: username, Password: password },
    Triggers: {
      Open: { Enabled: true, PostFirstOpenOnly: false },
      Click: { Enabled: true },
      Delivery: { Enabled: true },
      Bounce: { Enabled: true, IncludeContent: false },
      SpamComplaint: { Enabled: true, IncludeContent: false },
      SubscriptionChange: { Enabled: true },
    },
  };
}

function answerOf<T>(exchange: Exchange, schema: z.ZodType<T>): SetupAnswer<T> {
  if (exchange.kind !== "answer" || exchange.status >= 500 || exchange.status === 429)
    return { kind: "unreachable", message: causeOf(exchange) };
  const { code, message } = envelopeOf(exchange.body);
  if (exchange.status !== 200)
    return {
      kind: "refused",
      code,
      message: code === verificationFailed ? failureSentence(failedProbes(exchange.body)) : message,
    };
  const parsed = schema.safeParse(exchange.body);
  return parsed.success
    ? { kind: "ok", value: parsed.data }
    : { kind: "unreachable", message: "its answer was not understood" };
}

const verificationFailed = 1364;
