import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { openReceiver, type Receiver, rawCall } from "./raw-client";
import type { World } from "./world";

/** The recorded shapes of Postmark: whatever the sandbox answers has the same keys and types; values are its own. */
const folder = fileURLToPath(new URL("samples/", import.meta.url));
const sample = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));

let sandbox: Sandbox;
let hook: Receiver;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 7, deliverAfterMs: 10, indexLagMs: 0 });
  hook = await openReceiver();
});
afterAll(async () => {
  await sandbox.close();
  await hook.close();
});

let worlds = 0;
const newWorld = () => {
  const world = sandbox.world(`samples-${++worlds}`);
  world.settings({ unverifiedDomains: ["unverified.example.com"], consistencyDelayMs: 0 });
  return world;
};
const call = async (world: World, path: string, body?: unknown, method?: string) => {
  const answer = await rawCall(`${world.apiUrl}${path}`, { token: world.serverToken, body, method });
  return { ...answer, json: answer.json ?? {} };
};
const full = Object(sample("email.request.full"));
const minimal = Object(sample("email.request.minimal"));

/** Keys and types, the first entry standing for a list; null and empty ones say nothing about their type. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? null : [shape(value[0])];
  if (value === null || typeof value !== "object") return value === null ? null : typeof value;
  const entries = Object.entries(value);
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([key, v]) => [key, shape(v)]));
}

function sameShape(actual: unknown, wanted: unknown, at = "answer"): void {
  if (actual === null || wanted === null) return;
  if (typeof actual !== "object" || typeof wanted !== "object") {
    expect(actual, at).toBe(wanted);
    return;
  }
  expect(Object.keys(actual).sort(), at).toEqual(Object.keys(wanted).sort());
  for (const [key, value] of Object.entries(wanted)) sameShape(Object(actual)[key], value, `${at}.${key}`);
}
const expectSample = (name: string, actual: unknown) => sameShape(shape(actual), shape(sample(name)), name);

test("every sample is JSON", () => {
  for (const file of readdirSync(folder)) expect(() => sample(file.replace(/\.json$/, ""))).not.toThrow();
});

test("sends answer like the samples", async () => {
  const world = newWorld();
  world.addSuppression({ stream: "outbound", email: "old@example.com", reason: "HardBounce" });
  world.addSuppression({ stream: "broadcast", email: "old@example.com", reason: "HardBounce" });
  expectSample("email.response.ok", (await call(world, "/email", minimal)).json);
  expectSample("email.response.ok-with-cc-bcc", (await call(world, "/email", full)).json);
  const copied = { ...minimal, To: undefined, Cc: "cleo@example.com" };
  expectSample("email.response.cc-only", (await call(world, "/email", copied)).json);
  const partial = { ...minimal, To: "ana@example.com, old@example.com" };
  expectSample("email.response.partial-inactive", (await call(world, "/email", partial)).json);
  const inactive = await call(world, "/email", { ...minimal, To: "old@example.com" });
  expectSample("email.error.422-406-inactive", inactive.json);
  const words = (text: string) => text.replace(/addresses: [^ ]+( [^ ]+@[^ ]+)*/, "addresses: …");
  expect(words(Object(inactive.json).Message)).toBe(words(Object(sample("email.error.422-406-inactive")).Message));
  const mixed = (await call(world, "/email/batch", sample("batch.request"))).json;
  const recorded = Object(sample("batch.response.mixed"));
  expect(Array.isArray(mixed) && mixed.map((i) => i.ErrorCode)).toEqual([0, 406, 300, 400]);
  for (const i of [0, 1, 2, 3]) sameShape(shape(Object(mixed)[i]), shape(recorded[i]), `batch ${i}`);
  expect(Object(mixed)[1].Message).toBe(recorded[1].Message);
  expect(Object(mixed)[2].Message).toBe(recorded[2].Message);
  const rule = world.addFault({ action: "delayedAccept" });
  expectSample("email.response.delayed-no-errorcode", (await call(world, "/email", minimal)).json);
  rule.remove();
  const testSend = await rawCall(`${world.apiUrl}/email`, { token: "POSTMARK_API_TEST", body: minimal });
  expectSample("email.response.test-token", testSend.json);
});

const errors: [string, object][] = [
  ["email.error.422-1235-stream", { MessageStream: "nope" }],
  ["email.error.422-1236-inbound-stream", { MessageStream: "inbound" }],
  ["email.error.422-300-cc-parse", { Cc: "cleo" }],
  ["email.error.422-300-invalid-from", { From: "news" }],
  ["email.error.422-300-invalid-to", { To: "ana@@example.com" }],
  ["email.error.422-300-metadata", { Metadata: { "a-key-of-more-than-twenty": "x" } }],
  ["email.error.422-300-no-body", { TextBody: undefined }],
  ["email.error.422-300-zero-recipients", { To: undefined }],
  ["email.error.422-400-sender-signature", { From: "news@unverified.example.com" }],
  ["email.error.422-403-invalid-fields", { TrackOpens: "yes" }],
  ["email.error.422-411-attachment", { Attachments: [{ Name: "x.exe", Content: "AAAA", ContentType: "a/b" }] }],
];
test.each(errors)("%s: same status, code and, where Postmark's own, text", async (name, change) => {
  const answer = await call(newWorld(), "/email", { ...minimal, ...change });
  const recorded = Object(sample(name));
  const index = Object(sample("_index")).files[`${name}.json`];
  expect(answer.status).toBe(index.status);
  expectSample(name, answer.json);
  expect(Object(answer.json).ErrorCode).toBe(recorded.ErrorCode);
  if (index.messageText === "wire") expect(Object(answer.json).Message).toBe(recorded.Message);
});

test("streams answer like the samples", async () => {
  const world = newWorld();
  expectSample("message-streams.list", (await call(world, "/message-streams")).json);
  expectSample("message-streams.get", (await call(world, "/message-streams/broadcast")).json);
  const create = sample("message-streams.create.request");
  expectSample("message-streams.create.response", (await call(world, "/message-streams", create)).json);
  expectSample("message-streams.error.422-1230", (await call(world, "/message-streams", create)).json);
  expectSample("message-streams.error.422-1226", (await call(world, "/message-streams/none")).json);
  const edit = sample("message-streams.edit.request");
  const path = "/message-streams/newsletter";
  expectSample("message-streams.edit.response", (await call(world, path, edit, "PATCH")).json);
  expectSample("message-streams.archive.response", (await call(world, `${path}/archive`, {})).json);
  expectSample("message-streams.unarchive.response", (await call(world, `${path}/unarchive`, {})).json);
});

test("suppressions, bounces and the server answer like the samples", async () => {
  const world = newWorld();
  const lists = "/message-streams/broadcast/suppressions";
  expectSample("suppressions.create.response", (await call(world, lists, sample("suppressions.create.request"))).json);
  world.addSuppression({ stream: "broadcast", email: "angry@example.com", reason: "SpamComplaint" });
  expectSample("suppressions.dump", (await call(world, `${lists}/dump`)).json);
  const deleted = await call(world, `${lists}/delete`, sample("suppressions.delete.request"));
  expect(deleted.json).toEqual(sample("suppressions.delete.response"));
  await call(world, "/email", { ...full, To: "hard+x@emu.example.com", Cc: undefined, Bcc: undefined });
  await world.idle();
  expectSample("deliverystats.response", (await call(world, "/deliverystats")).json);
  const list = (await call(world, "/bounces?count=5&offset=0&messagestream=broadcast")).json;
  expectSample("bounces.list", list);
  const bounce = `/bounces/${Object(list).Bounces[0].ID}`;
  expectSample("bounces.get", (await call(world, bounce)).json);
  expectSample("bounces.dump", (await call(world, `${bounce}/dump`)).json);
  expectSample("bounces.activate", (await call(world, `${bounce}/activate`, undefined, "PUT")).json);
  expectSample("server.get", (await call(world, "/server")).json);
  expectSample("server.get", (await call(world, "/server", sample("server.edit.request"), "PUT")).json);
  const servers = await rawCall(`${world.apiUrl}/servers?count=1&offset=0`, { accountToken: world.accountToken });
  expectSample("servers.list", servers.json);
  const wrong = await rawCall(`${world.apiUrl}/servers?count=1&offset=0`, { accountToken: world.serverToken });
  expect(wrong.json).toEqual(sample("account.error.401-10-token"));
});

test("messages and stats answer like the samples", async () => {
  const world = newWorld();
  const sent = await call(world, "/email", { ...full, To: "Ana Lee <ana@example.com>", Cc: "", Bcc: "" });
  const id = Object(sent.json).MessageID;
  await world.idle();
  for (const type of ["open", "click", "unsubscribe", "bounce", "transient"] as const) world.act(id, type);
  expectSample("messages.search-empty", (await call(world, "/messages/outbound?count=5&offset=0")).json);
  const search = await call(world, "/messages/outbound?count=5&offset=0&messagestream=broadcast");
  expectSample("messages.search", search.json);
  const details = Object((await call(world, `/messages/outbound/${id}/details`)).json);
  const recorded = Object(sample("messages.details"));
  sameShape(shape({ ...details, Attachments: [] }), shape(recorded), "details");
  for (const event of recorded.MessageEvents) {
    const own = details.MessageEvents.find((e: { Type: string }) => e.Type === event.Type);
    sameShape(shape(own), shape(event), event.Type);
  }
  expectSample("messages.dump", (await call(world, `/messages/outbound/${id}/dump`)).json);
  expectSample("messages.opens", (await call(world, "/messages/outbound/opens?count=5&offset=0")).json);
  expectSample("messages.clicks", (await call(world, `/messages/outbound/clicks/${id}?count=5&offset=0`)).json);
  expectSample("stats.outbound", (await call(world, "/stats/outbound")).json);
  const series = ["sends", "bounces", "spam", "tracked", "opens", "clicks", "opens/platforms", "opens/emailclients"];
  series.push("opens/readtimes", "clicks/browserfamilies", "clicks/platforms", "clicks/location");
  for (const name of series) {
    const { Days, ...totals } = Object((await call(world, `/stats/outbound/${name}`)).json);
    expect(sample(`stats.${name.replace("/", "-")}`)).toHaveProperty("Days");
    for (const { Date: date, ...day } of Days) {
      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(totals).toEqual(day);
    }
  }
});

test("webhooks answer and deliver like the samples", async () => {
  const world = newWorld();
  world.settings({ expectContinue: true });
  const request = { ...Object(sample("webhooks.create.request")), Url: hook.url };
  const made = await call(world, "/webhooks", request);
  expectSample("webhooks.create.response", made.json);
  const { ID } = Object(made.json);
  const closed = await call(world, "/webhooks", { ...request, Url: "http://127.0.0.1:1/" });
  expectSample("webhooks.error.422-1364", closed.json);
  expectSample(
    "webhooks.create.response-unverified",
    (await call(world, "/webhooks", { ...request, Verify: false })).json,
  );
  const edit = { Triggers: { Bounce: { IncludeContent: true }, SpamComplaint: { IncludeContent: true } } };
  expectSample("webhooks.edit.response", (await call(world, `/webhooks/${ID}`, edit, "PUT")).json);
  expectSample("webhooks.list", (await call(world, "/webhooks?messagestream=broadcast")).json);
  const id = Object((await call(world, "/email", { ...full, To: "ana@example.com", Cc: "", Bcc: "" })).json).MessageID;
  await world.idle();
  const payload = async (type: string, act: () => void) => {
    act();
    await world.idle();
    return hook.received.filter((r) => r.body.RecordType === type).at(-1)?.body;
  };
  expectSample("webhook.delivery", await payload("Delivery", () => undefined));
  expectSample("webhook.open", await payload("Open", () => world.act(id, "open")));
  expectSample("webhook.click", await payload("Click", () => world.act(id, "click")));
  const bounced = () => world.act(id, "bounce");
  expectSample("webhook.bounce-hard", await payload("Bounce", bounced));
  expectSample("webhook.subscription-change-hardbounce", await payload("SubscriptionChange", () => undefined));
  const lift = () => world.act(id, "resubscribe");
  expectSample("webhook.subscription-change-reactivated", await payload("SubscriptionChange", lift));
  const leave = () => world.act(id, "unsubscribe");
  expectSample("webhook.subscription-change-unsubscribe", await payload("SubscriptionChange", leave));
  expectSample("webhook.spam-complaint", await payload("SpamComplaint", () => world.act(id, "complaint")));
  expectSample("webhook.subscription-change-spam", await payload("SubscriptionChange", () => undefined));
  const block = () => world.addSuppression({ stream: "broadcast", email: "blocked@example.com" });
  expectSample("webhook.subscription-change-manual", await payload("SubscriptionChange", block));
  world.settings({ emptyGeo: true });
  expectSample("webhook.open-proxy-empty-geo", await payload("Open", () => world.act(id, "open")));
  const names = Object.keys(Object(sample("webhook.request-headers"))).map((h) => h.toLowerCase());
  expect(Object.keys(hook.received.at(-1)?.headers ?? {})).toEqual(expect.arrayContaining(names));
  expectSample("webhooks.statistics.response", await statistics(world, ID));
  hook.answer(500);
  expectSample("webhooks.verify.response-failed", (await call(world, `/webhooks/${ID}/verify`, {})).json);
  expectSample("webhooks.delete.response", (await call(world, `/webhooks/${ID}`, undefined, "DELETE")).json);
});

/** Types differ by what happened: one stands for all. */
async function statistics(world: World, id: number): Promise<object> {
  const { Statuses, MetricsByTrigger, ...rest } = Object((await call(world, `/webhooks/${id}/statistics`)).json);
  const pick = (o: Record<string, unknown>) => ({ Delivery: o.Delivery, Bounce: o.Bounce });
  return { ...rest, Statuses: pick(Statuses), MetricsByTrigger: pick(MetricsByTrigger) };
}
