import { expect, test } from "vitest";
import type { IdentityChange } from "@/lib/sends/schema";
import { identitySentence } from "./identity-words";

const change: IdentityChange = {
  id: "01a20000-0000-7000-8000-000000000000",
  at: "2026-11-22T00:00:00.000Z",
  kind: "merged",
  role: "gained",
  other_id: "01a20000-0000-7000-8000-000000000001",
  identifier: null,
  named: ["user_1", "anon_1"],
  event: "signed_up",
};
const browser = { kind: "anonymous" as const, value: "anon_1" };

test.each<[Partial<IdentityChange>, RegExp]>([
  [{}, /became part of this person: the event signed_up named both user_1 and anon_1/],
  [{ kind: "aliased", event: null }, /through an alias of user_1 and anon_1/],
  [
    { kind: "aliased", event: null, identifier: browser, other_id: null },
    /anonymous id anon_1 was attached by an alias/,
  ],
  [{ kind: "taken_over", identifier: browser, named: [], event: null }, /anon_1 was another identified person's/],
  [
    { kind: "taken_over", role: "lost", identifier: browser, named: [], event: null },
    /anon_1 went to another identified person/,
  ],
])("the Identity tab says what happened: %j", (over, words) => {
  expect(identitySentence({ ...change, ...over })).toMatch(words);
});
