import { expect, test } from "vitest";
import { feedSource } from "./news-feed-schema";

const now = new Date("2026-11-22T12:00:00Z");
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

test.each([
  ["nothing came, nothing was found", null, 0, "none"],
  ["no webhook ever came", null, 3, "sync"],
  ["webhooks left nothing out", ago(0), 0, "webhooks"],
  ["nothing was sent for days", ago(100), 0, "webhooks"],
  ["webhooks left something out", ago(23), 1, "both"],
  ["webhooks have stopped", ago(25), 1, "sync"],
])("where the news comes from: %s", (_name, webhookAt, filled, source) => {
  expect(feedSource({ webhookAt, filled }, now)).toBe(source);
});
