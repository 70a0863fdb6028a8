import { describe, expect, test } from "vitest";
import type { Stream } from "./connector";
import { lifecycleProblem, resolveStream } from "./streams";

const stream = (id: string, type: Stream["type"], archived = false): Stream => ({
  id,
  name: id,
  type,
  unsubscribeHandling: "none",
  archived,
});
const outbound = stream("outbound", "transactional");
const inbound = stream("inbound", "other");
const broadcast = stream("broadcast", "broadcast");
const news = stream("news", "broadcast");
const old = stream("old", "broadcast", true);

test.each([
  ["the step's own", "receipts", "lifecycle", [broadcast], "receipts"],
  ["else the connection's", null, "lifecycle", [broadcast], "lifecycle"],
  ["else the only broadcast stream", null, null, [outbound, inbound, news], "news"],
  ["not counting archived ones", null, null, [outbound, old, news], "news"],
  ["else outbound, where there are two", null, null, [outbound, broadcast, news], "outbound"],
  ["else outbound, where there is none", null, null, [outbound, inbound], "outbound"],
  ["else outbound, where nothing was read", null, null, [], "outbound"],
])("a message leaves on %s", (_rule, step, messageStream, streams, expected) => {
  expect(resolveStream({ messageStream, streams }, step)).toBe(expected);
});

describe("lifecycle mail", () => {
  const streams = [outbound, inbound, broadcast, old];
  test.each([
    ["may leave on a broadcast stream", "broadcast", false, null],
    ["may not leave on a transactional one", "outbound", false, /transactional.*allow_transactional/],
    ["may when the connection says so", "outbound", true, null],
    ["may not leave on an archived one", "old", true, /archived/],
    ["may not leave on an inbound one", "inbound", true, /not one that can send/],
    [
      "may not leave on one that is not there, and the others are named",
      "typo",
      true,
      /no message stream “typo”.*“outbound”, “broadcast”/,
    ],
  ])("%s", (_rule, id, allowTransactional, sentence) => {
    const problem = lifecycleProblem({ messageStream: null, streams, allowTransactional }, id);
    if (sentence === null) expect(problem).toBeNull();
    else expect(problem).toMatch(sentence);
  });

  test("is not stopped by streams that were never read", () => {
    expect(lifecycleProblem({ messageStream: null, streams: [], allowTransactional: false }, "any")).toBeNull();
  });
});
