import { expect, test } from "vitest";
import { dmarcRow } from "./dmarc-row";
import { type DomainFacts, firstFound, type Looked, type LookedAt } from "./domain";

const at = (name: string, looked: Looked): LookedAt => ({ name, looked });
const none: Looked = { kind: "none", exists: true };
const failed: Looked = { kind: "failed", why: "timeout" };
const found = (...values: string[]): Looked => ({ kind: "found", values });
const places = (own: Looked, above: Looked) => [at("_dmarc.news.acme.example", own), at("_dmarc.acme.example", above)];

test.each([
  ["what is there, before everything", places(none, found("x")), 1],
  ["the domain's own before that of the domain above", places(found("x"), found("x")), 0],
  ["a place that did not answer before an empty one: it may have it", places(none, failed), 1],
  ["what is there above, though the domain's own did not answer", places(failed, found("x")), 1],
  ["the domain's own, where nobody has it", places(none, none), 0],
])("looked at is %s", (_, looked, index) => {
  expect(firstFound(looked)).toBe(looked[index]);
});

const domain = "acme.example";
const name = `_dmarc.${domain}`;
const facts = (looked: Looked, over: Partial<DomainFacts> = {}): DomainFacts => ({
  domain,
  byPostmark: true,
  spf: at(domain, none),
  mx: at(domain, none),
  dmarc: [at(name, looked)],
  dkim: null,
  returnPath: [at(`pm-bounces.${domain}`, none)],
  ...over,
});

test.each(["v=DMARC1; p=reject", "v=DMARC1; p=quarantine; adkim=s", "v=DMARC1; p=none; rua=mailto:d@acme.example"])(
  "a policy that stands is shown as it stands, and none to copy over it: %s",
  (policy) => {
    const { records } = dmarcRow(facts(found("unrelated", policy)));
    expect(records).toEqual([
      { type: "TXT", name, value: policy, found: expect.stringContaining(policy), state: "good" },
    ]);
  },
);

test("a strict policy is shown as it stands, also where mail is not aligned with it", () => {
  const row = dmarcRow(facts(found("v=DMARC1; p=reject"), { dkim: [at(`s1._domainkey.${domain}`, none)] }));
  expect(row).toMatchObject({ state: "broken", records: [{ value: "v=DMARC1; p=reject", state: "good" }] });
});

test("where nobody answered there is nothing to publish, and where there is no policy there is", () => {
  for (const why of ["timeout", "broken", "refused"] as const)
    expect(dmarcRow(facts({ kind: "failed", why })).records).toBeUndefined();
  expect(dmarcRow(facts(none))).toMatchObject({
    state: "warning",
    records: [{ value: "v=DMARC1; p=none; rua=mailto:dmarc@acme.example", found: null, state: "warning" }],
  });
});
