import { describe, expect, test } from "vitest";
import { AppError } from "../errors";
import { bareAddress } from "../profiles/schema";
import { jsonProblem, looksPlain } from "./json";
import { type Arrival, readEvent, readIdentify } from "./read";

const arrival: Arrival = { source: "server", receivedAtMs: Date.UTC(2026, 10, 21, 12), plain: true, bodyBytes: 100 };

test("an event is read into our words, with the time of receipt where it brings none", () => {
  const raw = { event: "signed_up", external_id: "u1", anonymous_id: null, properties: { plan: "pro" }, unknown: 1 };
  expect(readEvent(raw, arrival)).toEqual({
    name: "signed_up",
    source: "server",
    userId: null,
    externalId: "u1",
    anonymousId: null,
    properties: { plan: "pro" },
    context: null,
    traits: null,
    occurredAtMs: arrival.receivedAtMs,
    messageId: null,
  });
});

test("an identify carries its traits, in a stream of events as by itself", () => {
  const traits = { email: " Ada@Example.com ", plan: null };
  const expected = { name: "$identify", traits: { email: "ada@example.com", plan: null }, externalId: "u1" };
  expect(readEvent({ event: "$identify", external_id: "u1", traits }, arrival)).toMatchObject(expected);
  expect(readIdentify({ external_id: "u1", traits }, arrival)).toMatchObject(expected);
  expect(readIdentify({ external_id: "u1" }, arrival)).toMatchObject({ traits: {} });
});

test.each([
  ["a day ahead", "2026-11-22T12:00:00Z", true],
  ["a moment more", "2026-11-22T12:00:00.001Z", false],
  ["long ago", "1970-01-01T00:00:00Z", true],
  ["before that", "1969-12-31T23:59:59Z", false],
  ["in another zone", "2026-11-22T14:00:00+02:00", true],
])("a timestamp %s is taken: %s %s", (_what, timestamp, taken) => {
  const read = readEvent({ event: "viewed", external_id: "u", timestamp }, arrival);
  expect(!(read instanceof AppError)).toBe(taken);
});

test("traits are held to their limits", () => {
  const refused = (traits: object) => {
    const read = readIdentify({ external_id: "u", traits }, arrival);
    return read instanceof AppError ? Object.keys(read.extras.fields ?? {}) : [];
  };
  expect(refused(Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`t${n}`, n])))).toEqual(["traits"]);
  expect(refused({ long: "x".repeat(8_200) })).toEqual(["traits.long"]);
  expect(refused({ ["n".repeat(129)]: 1 })).toHaveLength(1);
  expect(refused({ email: "no address" })).toEqual(["traits.email"]);
  expect(refused({ email: null, any: { deep: [1] } })).toEqual([]);
});

describe("an address", () => {
  test.each([
    "ada@example.com",
    "a.b+c@sub.example.co",
    "o'neil@example.com",
    "josé@example.com",
    "ada@bücher.example",
    "x@1.com",
  ])("%s is one", (address) => expect(bareAddress(address.toUpperCase())).toBe(address));
  test.each([
    "",
    "ada",
    "ada@example",
    "@example.com",
    "ada@",
    "a@b@c.com",
    "ada@exa mple.com",
    "ada..b@example.com",
    ".ada@example.com",
    "ada@-example.com",
    "ada@example.com.",
    "Ada <ada@example.com>",
    "ada@example.com, bob@example.com",
    "ada@example.com;bob@example.com",
    "ada@example.com\r\nBcc: bob@example.com",
    '"ada b"@example.com',
    `${"a".repeat(65)}@example.com`,
    `ada@${"a".repeat(64)}.com`,
    `ada@${"abc.".repeat(70)}com`,
  ])("%j is none", (address) => expect(bareAddress(address)).toBeNull());
});

test("what PostgreSQL cannot hold is found wherever it stands, and plain bodies need no second look", () => {
  expect(jsonProblem({ a: [{ "b\u0000": 1 }] })).toMatch(/U\+0000/);
  expect(jsonProblem({ a: ["\ud800"] })).toMatch(/surrogate/);
  expect(jsonProblem({ a: ["😀 fine"] })).toBeNull();
  expect(jsonProblem(JSON.parse("[".repeat(40) + "]".repeat(40)))).toMatch(/levels/);
  expect(looksPlain('{"a":"😀 \\u00e9"}')).toBe(true);
  expect(looksPlain('{"a":"\\u0000"}')).toBe(false);
  expect(looksPlain('{"a":"\\uD800"}')).toBe(false);
  expect(looksPlain("[".repeat(40))).toBe(false);
});
