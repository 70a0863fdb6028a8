import { describe, expect, test } from "vitest";
import type { News } from "../connections/schema";
import { clickedLink, engagementKind, foldNews, withPossibleTime } from "./fold";

const news = (over: Partial<News> = {}): News => ({
  kind: "opened",
  recordType: "Open",
  newsKey: "key",
  providerMessageId: "message",
  sendId: null,
  recipient: "ana@example.com",
  stream: "broadcast",
  occurredAt: "2026-11-01T10:00:00.000Z",
  suppression: null,
  data: {},
  ...over,
});
const unsubscribe = { active: true, reason: "unsubscribe", origin: "recipient", scope: "stream" } as const;

describe("what news comes to for one send", () => {
  test("an open before its delivery counts, keeps its time, and proves that the provider has the message", () => {
    const change = foldNews({ id: "1", status: "sending", provider_message_id: null }, [
      news({ occurredAt: "2026-11-01T10:05:00.000Z" }),
      news({ newsKey: "other" }),
    ]);
    expect(change).toMatchObject({ status: "sent", settles: true, opens: 2, providerMessageId: "message" });
    expect(change.openedAt).toEqual(new Date("2026-11-01T10:00:00.000Z"));
    expect(change.deliveredAt).toBeNull();
  });

  test("a delay changes no status of what was sent", () => {
    expect(
      foldNews({ id: "1", status: "sent", provider_message_id: null }, [news({ kind: "transient" })]),
    ).toMatchObject({
      status: "sent",
      statusChanged: false,
      settles: false,
    });
  });

  test("a refusal after acceptance fails the send in the provider's words", () => {
    const failed = news({ kind: "failed", data: { description: "", details: "recipient is inactive" } });
    expect(foldNews({ id: "1", status: "sent", provider_message_id: null }, [failed])).toMatchObject({
      status: "failed",
      detail: "recipient is inactive",
    });
  });
});

test("the timeline calls a change of subscription by what it does", () => {
  const subscription = (suppression: News["suppression"]) =>
    engagementKind(news({ kind: "subscription", suppression }));
  expect(subscription(unsubscribe)).toBe("unsubscribed");
  expect(subscription({ ...unsubscribe, reason: "manual" })).toBe("unsubscribed");
  expect(subscription({ ...unsubscribe, reason: "hard_bounce", scope: "workspace" })).toBe("suppressed");
  expect(subscription({ ...unsubscribe, active: false, reason: null })).toBe("resubscribed");
  expect(engagementKind(news())).toBe("opened");
});

test("a click is told apart by its link and recipient, and by nothing else", () => {
  const click = (over: Partial<News>) => clickedLink(news({ kind: "clicked", data: { link: "https://a" }, ...over }));
  expect(click({ newsKey: "1" })).toBe(click({ newsKey: "2", recipient: "ANA@example.com" }));
  expect(click({})).not.toBe(click({ data: { link: "https://b" } }));
  expect(click({})).not.toBe(click({ recipient: "ben@example.com" }));
  expect(clickedLink(news())).toBeNull();
});

test("a time that no clock can have shown is taken for the moment of receipt", () => {
  const receivedAt = new Date("2026-11-21T12:00:00.000Z");
  const at = (occurredAt: string) => withPossibleTime(news({ occurredAt }), receivedAt).occurredAt;
  expect(at("2026-11-21T13:00:00+02:00")).toBe("2026-11-21T11:00:00.000Z");
  expect(at("0001-01-01T00:00:00Z")).toBe(receivedAt.toISOString());
  expect(at("2099-01-01T00:00:00Z")).toBe(receivedAt.toISOString());
});
