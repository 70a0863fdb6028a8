import { expect, test } from "vitest";
import { healthOf } from "./health-figures";

const now = new Date("2026-11-22T10:30:00Z");
const at = new Date("2026-11-22T09:00:00Z");
const line = { at, code: 0, calls: 0, messages: 0, msTotal: 0, msMax: 0 };
const outcomes = [{ at, sent: 9, delivered: 7, bounced: 1, complained: 0 }];
const calls = [
  { ...line, outcome: "answered", calls: 2, messages: 11, msTotal: 300, msMax: 200 },
  { ...line, outcome: "accepted", messages: 9 },
  { ...line, outcome: "inactive", code: 406, messages: 2 },
  {
    ...line,
    at: new Date("2026-11-22T10:00:00Z"),
    outcome: "unknown",
    calls: 1,
    messages: 9,
    msTotal: 30_000,
    msMax: 30_000,
  },
];

test("of what the provider was asked to take, what it took; messages of an answered call are not counted twice", () => {
  const health = healthOf({ window: "24h", hours: 24, bucket: "hour", outcomes, calls }, now);
  expect(health.acceptance_rate).toBe(9 / 20);
  expect(health.totals).toEqual({
    sent: 9,
    delivered: 7,
    bounced: 1,
    complained: 0,
    calls: 3,
    messages: 20,
    accepted: 9,
    latency_ms_avg: 10_100,
    latency_ms_max: 30_000,
  });
  expect(health.errors).toEqual([
    { outcome: "unknown", code: null, calls: 1, messages: 9 },
    { outcome: "inactive", code: 406, calls: 0, messages: 2 },
  ]);
});

test("every hour of the window has a bucket, the last one the hour that goes on", () => {
  const { buckets } = healthOf({ window: "24h", hours: 24, bucket: "hour", outcomes, calls }, now);
  expect(buckets).toHaveLength(24);
  expect(buckets.at(-1)).toMatchObject({ at: "2026-11-22T10:00:00.000Z", sent: 0, calls: 1, latency_ms_max: 30_000 });
  expect(buckets.at(-2)).toMatchObject({ sent: 9, delivered: 7, latency_ms_avg: 150 });
  expect(buckets[0]).toMatchObject({ at: "2026-11-21T11:00:00.000Z", sent: 0, latency_ms_avg: null });
  expect(healthOf({ window: "7d", hours: 168, bucket: "day", outcomes, calls }, now).buckets).toHaveLength(7);
});

test("without a call nothing is said of acceptance and latency", () => {
  const health = healthOf({ window: "30d", hours: 720, bucket: "day", outcomes: [], calls: [] }, now);
  expect(health.acceptance_rate).toBeNull();
  expect(health.totals.latency_ms_avg).toBeNull();
});
