import fc from "fast-check";
import { expect, test } from "vitest";
import { advance, isInFlight, type SendFact, sendStatus, statusRank } from "./advance";

const facts: SendFact[] = ["accepted", "failed", "delivered", "bounced", "complained"];

test.each([
  ["queued", "delivered", "delivered"],
  ["sending", "accepted", "sent"],
  ["unknown", "bounced", "bounced"],
  ["skipped", "delivered", "delivered"],
  ["sent", "accepted", "sent"],
  ["sent", "failed", "failed"],
  ["sent", "delivered", "delivered"],
  ["failed", "accepted", "failed"],
  ["failed", "delivered", "delivered"],
  ["delivered", "failed", "delivered"],
  ["delivered", "bounced", "bounced"],
  ["bounced", "delivered", "bounced"],
  ["bounced", "complained", "complained"],
  ["complained", "bounced", "complained"],
] as const)("a send that is %s and of which we learn that it was %s becomes %s", (status, fact, then) => {
  expect(advance(status, fact)).toBe(then);
});

test("a send never moves down, and leaves what is open whatever the provider says of it", () => {
  for (const status of sendStatus.options)
    for (const fact of facts) {
      const then = advance(status, fact);
      expect(statusRank(then)).toBeGreaterThanOrEqual(statusRank(status));
      expect(isInFlight(then)).toBe(false);
    }
});

test("facts end the same in any order and any number of times", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sendStatus.options),
      fc.array(fc.constantFrom(...facts), { minLength: 1 }),
      (status, given) => {
        const forwards = given.reduce(advance, status);
        expect([...given].reverse().concat(given).reduce(advance, status)).toBe(forwards);
      },
    ),
  );
});
