import { describe, expect, test } from "vitest";
import type { CheckOutcome } from "../connector";
import type { ConnectionRecord } from "../schema";
import type { SmtpPlace } from "../smtp/place";
import type { DomainFacts, Looked } from "./domain";
import { examine } from "./examine";
import type { DoctorFacts } from "./facts";
import type { DoctorState } from "./row";

const postmark = "smtp-broadcasts.postmarkapp.com";
const office = "smtp.office.example";
const place = (host: string, secure: SmtpPlace["secure"] = "starttls"): SmtpPlace => ({ host, port: 587, secure });
const moment = new Date("2026-11-22T10:00:00Z");

const connection: ConnectionRecord = {
  id: "c",
  workspaceId: "w",
  provider: "smtp",
  displayName: "Office",
  fromEmail: "hello@acme.example",
  fromName: null,
  replyToEmail: null,
  messageStream: "lifecycle",
  allowTransactional: false,
  dkimSelector: null,
  returnPathDomain: null,
  status: "ready",
  credentialsLast4: "",
  credentialsVersion: "1",
  serverId: "smtp:smtp.office.example:587",
  serverName: "smtp.office.example:587",
  streams: [],
  lastValidatedAt: moment,
  lastError: null,
  failingSince: null,
  createdAt: moment,
  updatedAt: moment,
};
const ready: CheckOutcome = {
  kind: "ready",
  server: { id: "s", name: "s", sandbox: false },
  streams: [],
  statsAvailable: false,
  sentence: "It works: it took the login.",
};
const refused: CheckOutcome = {
  kind: "bad_credentials",
  accountToken: false,
  message: "535",
  rejection: { code: "bad_credentials", message: "The server refused the login: 535.", hint: "Copy it again." },
};
const gone: CheckOutcome = {
  kind: "unreachable",
  message: "refused",
  rejection: { code: "unreachable", message: "It refused the connection.", hint: "Check host and port." },
};
const path = "/api/webhooks/w/data_connections/c/postmark";
const hookAt = (origin: string) => ({ url: `${origin}${path}`, path, secret: "s", previousSecret: null });

const found = (...values: string[]): Looked => ({ kind: "found", values });
const none: Looked = { kind: "none", exists: true };
const domainOf = (
  byPostmark: boolean,
  over: Partial<Record<"spf" | "dmarc" | "dkim" | "mx", Looked>> = {},
): DomainFacts => ({
  domain: "acme.example",
  byPostmark,
  spf: { name: "acme.example", looked: over.spf ?? found("v=spf1 include:office.example -all") },
  mx: { name: "acme.example", looked: over.mx ?? found("10 mx.acme.example") },
  dmarc: [{ name: "_dmarc.acme.example", looked: over.dmarc ?? found("v=DMARC1; p=reject") }],
  dkim: over.dkim ? [{ name: "s1._domainkey.acme.example", looked: over.dkim }] : null,
  returnPath: [{ name: "pm-bounces.acme.example", looked: none }],
});

const facts = (host: string, over: Partial<DoctorFacts> = {}): DoctorFacts => ({
  readAt: moment,
  connection,
  smtp: place(host),
  check: ready,
  server: { kind: "unreachable", message: "it was not asked" },
  webhooks: { kind: "unreachable", message: "it was not asked" },
  statistics: new Map(),
  streamsNamed: [],
  hook: hookAt("https://mail.acme.example"),
  reach: { kind: "reachable" },
  newestHookAt: null,
  accountRefusal: null,
  loop: null,
  sender: null,
  suppressions: null,
  domain: domainOf(host === postmark),
  ...over,
});
const rowOf = (given: DoctorFacts, id: string) => {
  const row = examine(given).data.find((one) => one.id === id);
  if (row === undefined) throw new Error(`no row ${id}`);
  return row;
};
const standing = (over: Partial<ConnectionRecord>) => ({ connection: { ...connection, ...over } });
const sender = (state: "accepted" | "refused" | "unconfirmed") => ({ sender: { state, detail: null, seenAt: moment } });
const key = found(`k=rsa; p=${"A".repeat(216)}`);

type Case = [name: string, host: string, row: string, state: DoctorState, over: Partial<DoctorFacts>];
const cases: Case[] = [
  ["a login that works", office, "login", "good", {}],
  ["a login that is refused", office, "login", "broken", { check: refused }],
  ["a server that is not there", office, "login", "broken", { check: gone }],
  ["a login that cannot be unsealed", office, "login", "broken", { check: { kind: "sealed" } }],
  ["a server without encryption", office, "login", "warning", { smtp: place(office, "none") }],
  ["a connection that is disabled", office, "login", "warning", standing({ status: "disabled" })],
  ["a connection that counts as failing", office, "login", "broken", standing({ status: "failing", lastError: "535" })],
  ["a connection that was never validated", office, "login", "warning", standing({ status: "unvalidated" })],
  ["a stream that nobody can look up", postmark, "stream", "cannot_know", {}],
  [
    "a transactional stream at the broadcast host",
    postmark,
    "stream",
    "warning",
    standing({ messageStream: "outbound" }),
  ],
  ["our own link", office, "unsubscribe", "good", {}],
  ["our own link by plain http", office, "unsubscribe", "warning", { hook: hookAt("http://mail.acme.example") }],
  ["our own link behind NAT", office, "unsubscribe", "warning", { reach: { kind: "local", host: "nas" } }],
  ["Postmark, which can call us", postmark, "reach", "good", {}],
  ["Postmark, which cannot call us", postmark, "reach", "warning", { reach: { kind: "local", host: "nas" } }],
  ["webhooks at Postmark", postmark, "webhooks", "cannot_know", {}],
  ["webhooks of a mail server", office, "webhooks", "cannot_know", {}],
  ["tracking at Postmark", postmark, "tracking", "good", {}],
  ["tracking of a mail server", office, "tracking", "cannot_know", {}],
  ["suppressions at Postmark", postmark, "suppressions", "cannot_know", {}],
  ["suppressions of a mail server", office, "suppressions", "cannot_know", {}],
  ["a From address without mail so far", office, "from", "cannot_know", {}],
  ["a From address that the server takes", office, "from", "good", sender("accepted")],
  ["a From address that the server refuses", office, "from", "broken", sender("refused")],
  ["a From address that Postmark's SMTP takes as it takes any", postmark, "from", "cannot_know", sender("accepted")],
  ["an SPF record that may name the server", office, "spf", "cannot_know", {}],
  ["no SPF record for a mail server", office, "spf", "warning", { domain: domainOf(false, { spf: none }) }],
  ["no SPF record for Postmark", postmark, "spf", "good", { domain: domainOf(true, { spf: none }) }],
  ["a key of the selector", office, "dkim", "good", { domain: domainOf(false, { dkim: key }) }],
  ["no key of the selector", office, "dkim", "broken", { domain: domainOf(false, { dkim: none }) }],
  ["an aligned key under p=reject", office, "dmarc", "good", { domain: domainOf(false, { dkim: key }) }],
  [
    "no key under p=reject, where SPF may do",
    office,
    "dmarc",
    "cannot_know",
    { domain: domainOf(false, { dkim: none }) },
  ],
  ["no key under p=reject, at Postmark", postmark, "dmarc", "broken", { domain: domainOf(true, { dkim: none }) }],
  ["a Return-Path of one's own at Postmark", postmark, "return_path", "warning", {}],
  ["no MX", office, "mx", "warning", { domain: domainOf(false, { mx: none }) }],
];

describe("of a connection by SMTP the doctor says what can be seen, and what cannot", () => {
  test.each(cases)("%s", (_, host, id, state, over) => {
    const row = rowOf(facts(host, over), id);
    expect(row.state, row.summary).toBe(state);
  });

  test("what cannot be seen names the move to native as the way, and nothing is offered that SMTP cannot do", () => {
    for (const host of [postmark, office]) {
      const { data } = examine(facts(host));
      expect(data.find(({ id }) => id === "webhooks")?.meaning).toMatch(/ove to native Postmark/);
      expect(data.flatMap(({ fix, other_fixes }) => [fix, ...other_fixes]).filter(Boolean)).toEqual([]);
    }
    expect(rowOf(facts(office, standing({ status: "failing", lastError: "535" })), "login").fix?.id).toBe("revalidate");
  });

  test("a mail server of somebody else is told of without Postmark's streams, hosts and signatures", () => {
    const { data } = examine(facts(office, { domain: domainOf(false, { dkim: none }) }));
    expect(data.map(({ id }) => id)).not.toEqual(expect.arrayContaining(["stream"]));
    expect(data.some(({ id }) => id === "return_path" || id === "reach")).toBe(false);
    const words = JSON.stringify(data.filter(({ id }) => !["webhooks"].includes(id)));
    expect(words).not.toMatch(/Postmark|mtasv|Sender Signatures/);
  });
});
