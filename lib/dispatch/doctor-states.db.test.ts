import { describe, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { changeConnection, markFailing, rotateWebhookSecret } from "../connections";
import type { DoctorState } from "../connections/schema";
import { db } from "../db";
import { makeSend } from "../testing/factory";
import { watchLoop } from "./doctor";
import {
  dropHook,
  healthyZone,
  hookOf as hook,
  longAgo,
  madeHealthy,
  moveTo,
  type Patient,
  replaceHook,
  secretOf,
  surgery,
} from "./testing/patient";

const at = surgery();

type Sick = {
  name: string;
  row: string;
  state: DoctorState;
  /** Makes it so. */
  by: (patient: Patient) => unknown;
  /** What mends it; left out: a person has to. */
  fix?: string;
  over?: object;
};

const uses = ({ actor, id }: Patient, message_stream: string) => changeConnection(actor, { id, message_stream });
const everyTrigger = ["Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"] as const;
const without = (...names: string[]) => ({ triggers: everyTrigger.filter((name) => !names.includes(name)) });
/** Its encryption key is gone. */
const seal = ({ id }: Patient, column: "sealed_credentials" | "sealed_webhook_secret") =>
  db.sql(`update connections set ${column} = '\\x00' where id = $1`, [id]);

const sick: Sick[] = [
  {
    name: "a token that was revoked",
    row: "token",
    state: "broken",
    by: (p) => p.world.revokeToken(p.world.serverToken),
  },
  {
    name: "an account token in the place of a server token",
    row: "token",
    state: "broken",
    by: (p) => changeConnection(p.actor, { id: p.id, server_token: p.world.accountToken }),
  },
  { name: "a token that cannot be unsealed", row: "token", state: "broken", by: (p) => seal(p, "sealed_credentials") },
  {
    name: "Postmark out of reach",
    row: "token",
    state: "cannot_know",
    by: (p) => p.world.addFault({ action: "status", preset: "502-html", path: "*" }),
  },
  {
    name: "a connection that still counts as failing",
    row: "token",
    state: "broken",
    by: (p) => markFailing(db, systemTenant(p.actor.workspaceId), p.id, "Postmark refused the token."),
    fix: "revalidate",
  },
  {
    name: "streams that were changed at Postmark since the validation",
    row: "token",
    state: "warning",
    by: (p) => p.world.addStream({ id: "receipts", type: "Transactional" }),
    fix: "revalidate",
  },
  {
    name: "a sandbox server",
    row: "sandbox",
    state: "warning",
    by: (p) => p.world.alterServer({ deliveryType: "Sandbox" }),
  },
  {
    name: "an account that is not approved",
    row: "account",
    state: "broken",
    by: async (p) => {
      p.world.settings({ account: "pending" });
      await p.fix("loop");
    },
  },
  {
    name: "an account that is paused without a word",
    row: "account",
    state: "warning",
    by: async (p) => {
      p.world.settings({ accountPaused: true });
      await p.fix("loop");
      await longAgo(p);
    },
  },
  {
    name: "a stream that is not there",
    row: "stream",
    state: "broken",
    by: (p) => uses(p, "nowhere"),
    fix: "use_broadcast",
  },
  {
    name: "an archived stream",
    row: "stream",
    state: "broken",
    over: { message_stream: "broadcast" },
    by: (p) => p.world.alterStream("broadcast", { archived: true }),
    fix: "unarchive_stream",
  },
  {
    name: "a stream that was purged",
    row: "stream",
    state: "broken",
    over: { message_stream: "broadcast" },
    by: (p) => p.world.alterStream("broadcast", { purged: true }),
    fix: "use_broadcast",
  },
  { name: "the inbound stream", row: "stream", state: "broken", by: (p) => uses(p, "inbound"), fix: "use_broadcast" },
  {
    name: "a transactional stream",
    row: "stream",
    state: "broken",
    by: (p) => uses(p, "outbound"),
    fix: "use_broadcast",
  },
  {
    name: "a transactional stream that somebody wants",
    row: "stream",
    state: "broken",
    by: (p) => uses(p, "outbound"),
    fix: "allow_transactional",
  },
  {
    name: "a server without a broadcast stream",
    row: "stream",
    state: "broken",
    by: (p) => p.world.alterStream("broadcast", { removed: true }),
    fix: "use_broadcast",
  },
  {
    name: "a stream without a webhook",
    row: "webhook:broadcast",
    state: "broken",
    by: dropHook,
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook to where this installation was before",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => replaceHook(p, { url: (p.world.webhooks()[0]?.url ?? "").replace(/:\d+/, ":1") }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook with a wrong secret",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => replaceHook(p, { password: "wrong" }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook with the secret from before the rotation",
    row: "webhook:broadcast",
    state: "warning",
    by: (p) => rotateWebhookSecret(p.actor, { id: p.id }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook that does not report bounces",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => replaceHook(p, without("Bounce")),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook that does not report opens",
    row: "webhook:broadcast",
    state: "warning",
    by: (p) => replaceHook(p, without("Open")),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook that reports only first opens",
    row: "webhook:broadcast",
    state: "warning",
    by: (p) => replaceHook(p, { postFirstOpenOnly: true }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook that Postmark has not verified",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => p.world.alterWebhook(hook(p), { verified: false }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook of which Postmark paused a kind",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => p.world.alterWebhook(hook(p), { paused: ["Bounce"] }),
    fix: "webhook:broadcast",
  },
  {
    name: "a webhook secret that cannot be unsealed",
    row: "webhook:broadcast",
    state: "broken",
    by: (p) => seal(p, "sealed_webhook_secret"),
  },
  {
    name: "a second stream in use without a webhook",
    row: "webhook:outbound",
    state: "broken",
    by: (p) =>
      makeSend(db, { workspaceId: p.actor.workspaceId, connectionId: p.id, messageStream: "outbound", status: "sent" }),
    fix: "webhook:outbound",
  },
  {
    name: "two webhooks of ours on one stream",
    row: "duplicates",
    state: "warning",
    by: async (p) =>
      p.world.registerWebhook({
        url: p.world.webhooks()[0]?.url ?? "",
        stream: "broadcast",
        username: "gflux",
        password: await secretOf(p),
      }),
    fix: "remove_duplicates",
  },
  {
    name: "webhooks that cannot be read",
    row: "webhook:broadcast",
    state: "cannot_know",
    by: (p) => p.world.addFault({ action: "status", preset: "500-101", path: "/webhooks*" }),
  },
  { name: "an installation behind NAT", row: "reach", state: "warning", by: () => moveTo("http://192.168.1.20:3000") },
  {
    name: "a webhook that an installation behind NAT cannot have",
    row: "webhook:broadcast",
    state: "warning",
    by: async (p) => {
      await dropHook(p);
      moveTo("http://192.168.1.20:3000");
    },
  },
  {
    name: "no webhook for the loop's message",
    row: "loop",
    state: "broken",
    by: async (p) => {
      await dropHook(p);
      await p.fix("loop");
      await longAgo(p);
    },
  },
  {
    name: "a loop's message that search does not show",
    row: "loop",
    state: "warning",
    by: async (p) => {
      p.world.addFault({ action: "neverIndexed" });
      await p.fix("loop");
      await vi.waitFor(
        async () => expect((await watchLoop(p.actor, { id: p.id })).row.summary).not.toMatch(/webhook/),
        { timeout: 10_000 },
      );
      await longAgo(p);
    },
  },
  {
    name: "open tracking that is off",
    row: "tracking",
    state: "warning",
    by: (p) => p.world.alterServer({ trackOpens: false }),
    fix: "tracking",
  },
  {
    name: "link tracking that is off",
    row: "tracking",
    state: "warning",
    by: (p) => p.world.alterServer({ trackLinks: "None" }),
    fix: "tracking",
  },
  {
    name: "no From address",
    row: "from",
    state: "warning",
    by: (p) => changeConnection(p.actor, { id: p.id, from_email: null }),
  },
  {
    name: "a From address that Postmark refuses",
    row: "from",
    state: "broken",
    by: async (p) => {
      p.world.settings({ unverifiedDomains: ["acme.example"] });
      await p.fix("loop");
    },
  },
  {
    name: "a From address that nobody has confirmed",
    row: "from",
    state: "broken",
    by: async (p) => {
      p.world.settings({ unconfirmedDomains: ["acme.example"] });
      await p.fix("loop");
    },
  },
];

describe("each way to be broken is named, and mended where it can be", () => {
  test.each(sick)("$name: $row is $state", async ({ row, state, by, fix, over }) => {
    const patient = await madeHealthy(await at.admit(over));
    await by(patient);
    const found = await patient.row(row);
    expect(found, found.summary).toMatchObject({ state });
    if (fix === undefined) return expect([null, "loop"]).toContain(found.fix?.id ?? null);
    const offered = [found.fix, ...found.other_fixes].find((one) => one?.id === fix);
    expect(offered?.changes).not.toEqual([]);
    const mended = await patient.fix(fix);
    expect(mended.row?.state, mended.row?.summary).toBe("good");
    expect(mended.changed).toEqual(offered?.changes);
    const before = patient.writes();
    expect(await patient.fix(fix)).toMatchObject({ row: { state: "good" }, changed: [] });
    expect(patient.writes()).toBe(before);
  });
});

describe("what DNS says", () => {
  type Zone = Parameters<typeof at.dns.zone>[0];
  const acme = "acme.example";
  const place = { "2026pm._domainkey.acme.example": "dkim", "_dmarc.acme.example": "dmarc" } as const;
  const signed = Object.keys(place)[0] ?? "";
  const policy = `_dmarc.${acme}`;
  const cases: [name: string, row: string, state: DoctorState, change: Zone][] = [
    ["a key", "dkim", "good", {}],
    ["no key of the selector", "dkim", "broken", { [signed]: {} }],
    ["a key that was revoked", "dkim", "broken", { [signed]: { TXT: ["v=DKIM1; p="] } }],
    ["a key that was cut short", "dkim", "warning", { [signed]: { TXT: ["k=rsa; p=MIGfMA0"] } }],
    ["an aligned policy", "dmarc", "good", {}],
    ["no policy", "dmarc", "warning", { [policy]: {} }],
    ["two policies", "dmarc", "broken", { [policy]: { TXT: ["v=DMARC1; p=none", "v=DMARC1; p=reject"] } }],
    ["a policy that refuses this mail", "dmarc", "broken", { [signed]: {}, [`pm-bounces.${acme}`]: {} }],
    [
      "a strict policy, and no key",
      "dmarc",
      "broken",
      { [signed]: {}, [policy]: { TXT: ["v=DMARC1; p=quarantine; aspf=s"] } },
    ],
    [
      "a Return-Path to somebody else",
      "return_path",
      "warning",
      { [`pm-bounces.${acme}`]: { CNAME: "bounces.other.example" } },
    ],
    ["no Return-Path", "return_path", "warning", { [`pm-bounces.${acme}`]: {} }],
    ["no SPF record, which is not needed", "spf", "good", { [acme]: {} }],
    ["two SPF records", "spf", "warning", { [acme]: { TXT: ["v=spf1 -all", "v=spf1 mx -all"] } }],
    [
      "an SPF record of eleven look-ups",
      "spf",
      "warning",
      { [acme]: { TXT: [`v=spf1 ${"include:a.example ".repeat(11)}-all`] } },
    ],
    ["no MX", "mx", "warning", { [acme]: {} }],
    ["an MX that refuses all mail", "mx", "warning", { [acme]: { MX: [[0, "."]] } }],
    ["name servers that fail", "mx", "warning", { [acme]: "SERVFAIL" }],
    ["a resolver that will not tell", "dmarc", "cannot_know", { [policy]: "REFUSED" }],
  ];

  test("is told row by row, with the record to publish, and never fixed by us", async () => {
    const patient = await at.admit({ from_email: "hello@acme.example" });
    expect(await patient.row("dkim")).toMatchObject({ state: "cannot_know" });
    await changeConnection(patient.actor, { id: patient.id, dkim_selector: "2026pm" });
    for (const [name, row, state, change] of cases) {
      at.dns.zone({ ...healthyZone, ...change });
      const found = await patient.row(row);
      expect(found, `${name}: ${found.summary}`).toMatchObject({ state, fix: null });
    }
    at.dns.zone({ ...healthyZone, [signed]: {} });
    expect((await patient.row("dkim")).records).toEqual([
      { type: "TXT", name: signed, value: expect.stringContaining("k=rsa; p="), found: null, state: "broken" },
    ]);
  });
});
