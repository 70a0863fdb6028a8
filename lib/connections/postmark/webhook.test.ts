import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { news } from "../news";
import { parsePostmarkWebhook } from "./webhook";

const receivedAt = new Date("2026-11-21T12:00:00.000Z");
const textOf = (name: string) =>
  readFileSync(new URL(`../../sandbox/samples/webhook.${name}.json`, import.meta.url), "utf8");
const parseText = (text: string) => parsePostmarkWebhook({ text, body: JSON.parse(text) }, receivedAt);
const parse = (body: unknown) => parseText(JSON.stringify(body));
const sample = (name: string, over: object = {}) => parse({ ...(JSON.parse(textOf(name)) as object), ...over });

const message = "7a3c9d10-5b2e-4f61-9c8e-0d4b1f6a2c31";
const sendId = "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31";
const suppress = (reason: string, scope: string, origin = "recipient") => ({ active: true, reason, scope, origin });

describe("each record type in our words", () => {
  test.each([
    ["delivery", "delivered", "ana@example.com", "2026-09-14T14:04:33.219Z", null],
    ["open", "opened", "ana@example.com", "2026-09-14T15:11:02.000Z", null],
    ["open-proxy-empty-geo", "opened", "ana@example.com", "2026-09-14T15:11:02.000Z", null],
    ["click", "clicked", "ana@example.com", "2026-09-14T15:11:02.000Z", null],
    ["bounce-hard", "bounced", "old@example.com", "2026-09-14T14:04:36.000Z", suppress("hard_bounce", "workspace")],
    ["bounce-soft", "bounced", "full@example.com", "2026-09-14T14:04:36.000Z", null],
    ["bounce-transient", "transient", "slow@example.com", "2026-09-14T14:04:36.000Z", null],
    ["bounce-smtpapierror", "failed", "old@example.com", "2026-09-14T14:04:36.000Z", null],
    [
      "spam-complaint",
      "complained",
      "angry@example.com",
      "2026-09-14T14:04:36.000Z",
      suppress("spam_complaint", "workspace"),
    ],
    [
      "subscription-change-unsubscribe",
      "subscription",
      "optout@example.com",
      "2026-09-14T16:20:05.000Z",
      suppress("unsubscribe", "stream"),
    ],
    [
      "subscription-change-manual",
      "subscription",
      "blocked@example.com",
      "2026-09-14T16:20:05.000Z",
      suppress("manual", "stream", "customer"),
    ],
    [
      "subscription-change-hardbounce",
      "subscription",
      "old@example.com",
      "2026-09-14T16:20:05.000Z",
      suppress("hard_bounce", "workspace"),
    ],
    [
      "subscription-change-spam",
      "subscription",
      "angry@example.com",
      "2026-09-14T16:20:05.000Z",
      suppress("spam_complaint", "workspace"),
    ],
    [
      "subscription-change-reactivated",
      "subscription",
      "blocked@example.com",
      "2026-09-14T16:20:05.000Z",
      { active: false, reason: null, scope: "stream", origin: "customer" },
    ],
  ])("%s", (name, kind, recipient, occurredAt, suppression) => {
    const said = sample(name, { Metadata: { send_id: sendId, batch_id: "b" } });
    expect(said).toMatchObject({ kind, recipient, occurredAt, suppression, sendId, stream: "broadcast" });
    expect(news.safeParse(said).success).toBe(true);
  });

  test("a message that is not ours has no send, and is still told by its MessageID", () => {
    expect(sample("delivery")).toMatchObject({ sendId: null, providerMessageId: message });
  });

  test("a legacy bounce without stream, tag and metadata is read", () => {
    expect(sample("bounce-legacy-no-metadata")).toMatchObject({ kind: "bounced", stream: null, sendId: null });
  });

  test("the older type code of a complaint makes no difference", () => {
    expect(sample("spam-complaint", { TypeCode: 512 })?.kind).toBe("complained");
  });

  test("what the timeline shows is there, and the reader's IP address is not", () => {
    const clicked = sample("click");
    expect(clicked?.data).toEqual({
      link: "https://shop.example.com/sale",
      location: "HTML",
      client: "Chrome 128.0",
      os: "macOS 14",
      platform: "Desktop",
      user_agent: "Mozilla/5.0 (made-up)",
      geo: "Porto, Porto, Portugal",
    });
    expect(JSON.stringify(clicked)).not.toContain("203.0.113.24");
    expect(sample("bounce-hard")?.data).toMatchObject({
      type: "HardBounce",
      type_code: 1,
      inactive: true,
      can_activate: true,
    });
  });
});

describe("Inactive decides about suppression, the type about the status", () => {
  test.each([
    ["SoftBounce", true, "bounced", "hard_bounce"],
    ["HardBounce", false, "bounced", null],
    ["BadEmailAddress", true, "bounced", "hard_bounce"],
    ["Blocked", false, "bounced", null],
    ["Unsubscribe", true, "transient", "hard_bounce"],
    ["AutoResponder", false, "transient", null],
    ["AddressChange", false, "transient", null],
    ["ManuallyDeactivated", true, "bounced", "manual"],
    ["SpamComplaint", true, "complained", "spam_complaint"],
    ["SMTPApiError", false, "failed", null],
    ["TypeOfTheFuture", false, "bounced", null],
  ])("%s, inactive %s", (type, inactive, kind, reason) => {
    const said = sample("bounce-hard", { Type: type, Inactive: inactive });
    expect(said).toMatchObject({ kind });
    expect(said?.suppression?.reason ?? null).toBe(reason);
  });
});

describe("the natural key", () => {
  test("is equal for a repeat and different for other news", () => {
    const keys = ["delivery", "open", "click", "bounce-hard", "bounce-soft", "spam-complaint"].map(
      (name) => sample(name)?.newsKey,
    );
    expect(new Set(keys).size).toBe(6);
    expect(sample("open")?.newsKey).toBe(sample("open", { Tag: "other" })?.newsKey);
    expect(sample("open")?.newsKey).not.toBe(sample("open", { ReceivedAt: "2026-09-14T15:11:02.0000001Z" })?.newsKey);
    expect(sample("click")?.newsKey).not.toBe(sample("click", { OriginalLink: "https://other.example" })?.newsKey);
    expect(sample("delivery")?.newsKey).not.toBe(sample("delivery", { Recipient: "ben@example.com" })?.newsKey);
  });

  test("tells a suppression from its lifting in the same second", () => {
    expect(sample("subscription-change-manual")?.newsKey).not.toBe(sample("subscription-change-reactivated")?.newsKey);
  });

  test("holds all digits of a bounce's id, which JSON rounds", () => {
    const text = textOf("bounce-large-id");
    const neighbour = text.replace("4323372036854775807", "4323372036854775806");
    expect(parseText(text)?.newsKey).toContain("4323372036854775807");
    expect(parseText(neighbour)?.newsKey).not.toBe(parseText(text)?.newsKey);
  });

  test("is not misled by an ID inside another text", () => {
    const text = textOf("bounce-large-id").replace('"Emulator text', '"\\"ID\\": 4323372036854775806 Emulator text');
    expect(parseText(text)?.newsKey).toContain("4323372036854775807");
  });

  test("takes an id that came as text", () => {
    expect(sample("bounce-hard", { ID: "4323372036854775807" })?.newsKey).toBe(
      parseText(textOf("bounce-large-id"))?.newsKey,
    );
  });

  test("fits an index, however long the link", () => {
    const long = `https://example.com/${"x".repeat(9000)}`;
    const [one, two] = [sample("click", { OriginalLink: `${long}1` }), sample("click", { OriginalLink: `${long}2` })];
    expect(one?.newsKey.length).toBeLessThanOrEqual(300);
    expect(one?.newsKey).not.toBe(two?.newsKey);
  });
});

describe("moments", () => {
  test.each([
    ["2026-09-14T14:04:33.2190000Z", "2026-09-14T14:04:33.219Z"],
    ["2026-09-14T14:04:33Z", "2026-09-14T14:04:33.000Z"],
    ["2026-09-14T10:04:31.5172946-04:00", "2026-09-14T14:04:31.517Z"],
    ["2026-09-14T10:04:31-0400", "2026-09-14T14:04:31.000Z"],
    ["2026-09-14T14:04:33", "2026-09-14T14:04:33.000Z"],
    ["2026-11-21T12:00:30Z", "2026-11-21T12:00:30.000Z"],
  ])("%s is read", (written, occurredAt) => {
    expect(sample("delivery", { DeliveredAt: written })?.occurredAt).toBe(occurredAt);
  });

  test.each(["", "yesterday", "2026-13-45T99:99:99Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", null, 7])(
    "%j becomes the moment of receipt, so that it cannot outrank later news",
    (written) => {
      expect(sample("delivery", { DeliveredAt: written })?.occurredAt).toBe(receivedAt.toISOString());
    },
  );
});

describe("what is of no use is nothing", () => {
  test.each([
    ["an unknown record type", { RecordType: "Inbound", MessageID: message }],
    ["no record type", { MessageID: message }],
    ["a name that objects inherit", { RecordType: "constructor", MessageID: message }],
    ["a delivery of no message", { RecordType: "Delivery", Recipient: "ana@example.com" }],
    ["a change that says neither on nor off", { RecordType: "SubscriptionChange", Recipient: "ana@example.com" }],
    ["a change about nobody", { RecordType: "SubscriptionChange", SuppressSending: true }],
    ["a list", [1]],
    ["null", null],
  ])("%s", (_case, body) => {
    expect(parse(body)).toBeNull();
  });
});

test("U+0000 and halves of surrogate pairs do not come through: PostgreSQL could not keep them", () => {
  const said = sample("bounce-hard", { Description: "a\u0000b\ud800c", Email: "o\u0000ld@example.com", Tag: "\u0000" });
  expect(said?.data.description).toBe("ab\ufffdc");
  expect(said?.recipient).toBe("old@example.com");
});

test("no JSON whatever makes it throw, and all that it says keeps the form of news", () => {
  const types = ["Delivery", "Bounce", "SpamComplaint", "Open", "Click", "SubscriptionChange", "Other"];
  const names = [
    "ID",
    "Type",
    "MessageID",
    "Recipient",
    "Email",
    "Metadata",
    "Inactive",
    "SuppressSending",
    "BouncedAt",
    "ChangedAt",
    "ReceivedAt",
    "DeliveredAt",
    "Geo",
    "Client",
    "Origin",
    "OriginalLink",
    "MessageStream",
    "SuppressionReason",
  ];
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(message, sendId, true, false, 2 ** 60),
  );
  const payload = fc.tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...names), value));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        payload.map(([RecordType, rest]) => ({ ...rest, RecordType })),
      ),
      (body) => {
        const said = parse(body);
        if (said === null) return;
        expect(news.parse(said)).toEqual(said);
        expect(said.newsKey.length).toBeLessThanOrEqual(300);
        expect(JSON.stringify(said)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      },
    ),
    { numRuns: 1000 },
  );
});
