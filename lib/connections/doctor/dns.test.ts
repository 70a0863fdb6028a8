import { afterAll, beforeAll, expect, test } from "vitest";
import { forgetEnv } from "../../env";
import { type DnsServer, startDnsServer } from "../testing/dns-server";
import { readDomain } from "./dns";
import { domainRows } from "./domain-rows";

let dns: DnsServer;
beforeAll(async () => {
  dns = await startDnsServer();
  Object.assign(process.env, {
    DNS_SERVERS: dns.address,
    DATABASE_URL: "postgresql://localhost/none",
    NEXTAUTH_SECRET: "test-nextauth-secret",
    CRON_SECRET: "test-cron-secret-123",
    ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
  });
  forgetEnv();
});
afterAll(() => dns.close());

const names = { dkimSelector: "s1", returnPathDomain: null, byPostmark: true };
// Only what stays silent is waited for: answers have time, also on a busy machine.
const read = (from: string, timeout = 5_000) => readDomain(from, names, { timeout, tries: 1 });

test("a name server that is silent, one that fails, one that refuses, and a name that does not exist are told apart", async () => {
  dns.zone({
    "silent.example": "silent",
    "fails.example": "SERVFAIL",
    "refuses.example": "REFUSED",
    "empty.example": {},
  });
  const mx = async (domain: string, timeout?: number) => (await read(`a@${domain}`, timeout)).mx.looked;
  expect(await mx("silent.example", 150)).toEqual({ kind: "failed", why: "timeout" });
  expect(await mx("fails.example")).toEqual({ kind: "failed", why: "broken" });
  expect(await mx("refuses.example")).toEqual({ kind: "failed", why: "refused" });
  expect(await mx("nowhere.example")).toEqual({ kind: "none", exists: false });
  expect(await mx("empty.example")).toEqual({ kind: "none", exists: true });
});

test("what nobody answered is not known, rather than broken", async () => {
  dns.zone({ "s1._domainkey.slow.example": "silent", "_dmarc.slow.example": "silent" });
  const rows = domainRows({ domain: await read("hello@slow.example", 150) });
  expect(rows.filter(({ id }) => id === "dkim" || id === "dmarc").map(({ state }) => state)).toEqual([
    "cannot_know",
    "cannot_know",
  ]);
});

test("a key and a policy of the domain above count for an address below it", async () => {
  dns.zone({
    "_dmarc.acme.example": { TXT: ["v=DMARC1; p=none; sp=reject"] },
    "s1._domainkey.acme.example": { TXT: [`p=${"A".repeat(216)}`] },
  });
  const rows = domainRows({ domain: await read("hello@news.acme.example") });
  expect(rows.find(({ id }) => id === "dmarc")).toMatchObject({
    state: "good",
    summary: expect.stringContaining("p=reject"),
  });
  dns.zone({
    "_dmarc.acme.example": { TXT: ["v=DMARC1; p=reject; adkim=s"] },
    "s1._domainkey.acme.example": { TXT: [`p=${"A".repeat(216)}`] },
  });
  const strict = domainRows({ domain: await read("hello@news.acme.example") });
  expect(strict.find(({ id }) => id === "dmarc")).toMatchObject({ state: "broken" });
});
