import { describe, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { changeConnection, getConnection, markFailing, rotateWebhookSecret } from "../connections";
import type { DoctorState } from "../connections/schema";
import { db } from "../db";
import { forgetEnv } from "../env";
import { AppError } from "../errors";
import { makeAutomation, makeEnrollments, makeProfiles, makeSend, makeWorkspace } from "../testing/factory";
import { examineConnection, mendConnection, recentExamination, watchLoop } from "./doctor";
import { dispatch } from "./index";
import { healthyZone, type Patient, surgery } from "./testing/patient";
import { people } from "./testing/world";

const at = surgery();

/** As after setting up: a webhook on its stream, tracking on. */
async function healthy(over?: object): Promise<Patient> {
  const patient = await at.admit(over);
  const { webhook_url: url, webhook_secret: password } = await getConnection(patient.actor, { id: patient.id });
  patient.world.registerWebhook({ url, stream: "broadcast", username: "gflux", password: password ?? "" });
  patient.world.alterServer({ trackOpens: true, trackLinks: "HtmlAndText" });
  return patient;
}

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

const hook = ({ world }: Patient) => world.webhooks()[0]?.id ?? 0;
const dropHook = (patient: Patient) =>
  fetch(`${patient.world.apiUrl}/webhooks/${hook(patient)}`, { method: "DELETE", headers: server(patient) });
const server = ({ world }: Patient) => ({ "X-Postmark-Server-Token": world.serverToken, Accept: "application/json" });
/** Another webhook in the place of ours. */
const replaceHook = async (patient: Patient, over: object) => {
  const [mine] = patient.world.webhooks();
  const [row] = await db.prisma.connection.findMany({ where: { id: patient.id } });
  await dropHook(patient);
  const good = { url: mine?.url ?? "", stream: "broadcast", username: "gflux", password: await secretOf(patient) };
  expect(row?.id).toBe(patient.id);
  patient.world.registerWebhook({ ...good, ...over });
};
const secretOf = async ({ actor, id }: Patient) => (await getConnection(actor, { id })).webhook_secret ?? "";
const appUrl = (url: string) => {
  process.env.APP_URL = url;
  forgetEnv();
};
const uses = ({ actor, id }: Patient, message_stream: string) => changeConnection(actor, { id, message_stream });
const longAgo = ({ id }: Patient) =>
  db.sql(
    "update connection_checkups set loop_started_at = loop_started_at - interval '3 minutes' where connection_id = $1",
    [id],
  );
const everyTrigger = ["Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"] as const;
const without = (...names: string[]) => ({ triggers: everyTrigger.filter((name) => !names.includes(name)) });
const seal = ({ id }: Patient) => db.sql("update connections set sealed_credentials = '\\x00' where id = $1", [id]);

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
  { name: "a token that cannot be unsealed", row: "token", state: "broken", by: seal },
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
  { name: "an installation behind NAT", row: "reach", state: "warning", by: () => appUrl("http://192.168.1.20:3000") },
  {
    name: "a webhook that an installation behind NAT cannot have",
    row: "webhook:broadcast",
    state: "warning",
    by: async (p) => {
      await dropHook(p);
      appUrl("http://192.168.1.20:3000");
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
    const patient = await healthy(over);
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

describe("the doctor", () => {
  test("brings a token that was just pasted to no broken row by fixes alone, within a minute", async () => {
    const patient = await at.admit({ message_stream: "outbound" });
    patient.world.alterStream("broadcast", { archived: true });
    const startedMs = performance.now();
    const applied: string[] = [];
    for (let rounds = 0; rounds < 10; rounds += 1) {
      const { data } = await examineConnection(patient.actor, { id: patient.id });
      const next = data.find((row) => row.state !== "good" && row.fix !== null && !applied.includes(row.fix.id));
      if (!next?.fix) break;
      applied.push(next.fix.id);
      await patient.fix(next.fix.id);
    }
    expect(applied).toEqual(expect.arrayContaining(["use_broadcast", "webhook:lifecycle", "loop", "tracking"]));
    await vi.waitFor(async () => expect((await watchLoop(patient.actor, { id: patient.id })).row.state).toBe("good"), {
      timeout: 10_000,
    });
    const { data, worst } = await examineConnection(patient.actor, { id: patient.id });
    expect(data.filter(({ state }) => state === "broken")).toEqual([]);
    expect(worst).not.toBe("broken");
    expect(performance.now() - startedMs).toBeLessThan(60_000);
  });

  test("tells how long its message took to be accepted, found and told of, and sends no second one at once", async () => {
    const patient = await healthy();
    await patient.fix("loop");
    await vi.waitFor(
      async () => {
        const { row, running } = await watchLoop(patient.actor, { id: patient.id });
        expect([row.state, running]).toEqual(["good", false]);
        expect(row.summary).toMatch(
          /accepted after \d+\.\d s, found by search after \d+\.\d s, webhook arrived after \d+\.\d s/,
        );
      },
      { timeout: 10_000 },
    );
    expect(await patient.fix("loop")).toMatchObject({ changed: [] });
    expect(patient.world.outbox().map(({ recipients }) => recipients.map(({ email }) => email))).toEqual([
      ["probe@blackhole.postmarkapp.com"],
    ]);
    expect(await patient.row("from")).toMatchObject({ state: "good" });
    expect(await patient.row("account")).toMatchObject({ state: "good" });
  });

  test("leaves strangers' webhooks alone", async () => {
    const patient = await at.admit();
    const stranger = patient.world.registerWebhook({ url: "http://127.0.0.1:9/hook", stream: "broadcast" });
    await patient.fix("webhook:broadcast");
    await patient.fix("remove_duplicates");
    const urls = patient.world.webhooks().map(({ id, url }) => (id === stranger ? "theirs" : new URL(url).pathname));
    expect(urls).toEqual(["theirs", expect.stringContaining(patient.id)]);
  });

  test("says what Postmark got from us when it could not verify, and changes nothing", async () => {
    const patient = await at.admit();
    process.env.APP_URL = `${at.door}/elsewhere`;
    forgetEnv();
    const refused = await patient.fix("webhook:broadcast").catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({
      code: "provider_rejected",
      message: expect.stringMatching(/HTTP 404 for Delivery/),
    });
    expect(patient.world.webhooks()).toEqual([]);
  });

  test("writes down who had what fixed, once", async () => {
    const { actor, fix } = await at.admit();
    await fix("webhook:broadcast");
    await fix("tracking");
    await fix("tracking");
    const rows = await db.prisma.auditEntry.findMany({
      where: { workspaceId: actor.workspaceId, action: "connection.fixed" },
    });
    expect(rows.map(({ data }) => (data as { fix: string }).fix).sort()).toEqual(["tracking", "webhook:broadcast"]);
  });

  test("shows a page what was read lately, and reads again once the connection was changed", async () => {
    const { actor, id, world } = await healthy();
    const asked = () => world.requests().length;
    const first = await recentExamination(actor, { id });
    const before = asked();
    expect(await recentExamination(actor, { id })).toEqual({ ...first, data: expect.any(Array) });
    expect(asked()).toBe(before);
    await changeConnection(actor, { id, display_name: "Other" });
    await recentExamination(actor, { id });
    expect(asked()).toBeGreaterThan(before);
  });

  test("is nobody's in another workspace, and mends nothing for those who may only read", async () => {
    const { actor, id } = await at.admit();
    const stranger = { ...actor, workspaceId: (await makeWorkspace(db)).id };
    for (const ask of [examineConnection, recentExamination, watchLoop])
      await expect(ask(stranger, { id })).rejects.toMatchObject({ code: "not_found" });
    await expect(mendConnection(stranger, { id, fix: "loop" })).rejects.toMatchObject({ code: "not_found" });
    const reader = { ...actor, permissions: new Set(["connections:read"] as const) };
    await expect(mendConnection(reader, { id, fix: "loop" })).rejects.toMatchObject({ code: "forbidden" });
    expect((await examineConnection(reader, { id })).data.length).toBeGreaterThan(15);
  });

  test("shows no secret to anybody", async () => {
    const patient = await healthy();
    const secret = await secretOf(patient);
    await replaceHook(patient, {
      url: `http://gflux:${secret}@127.0.0.1:9/api/webhooks/x`,
      username: "",
      password: "",
    });
    const report = JSON.stringify(await examineConnection(patient.actor, { id: patient.id }));
    expect(report).not.toContain(secret);
    expect(report).not.toContain(patient.world.serverToken);
  });

  test("learns the From address from the mail of automations, too", async () => {
    const patient = await at.admit();
    const { workspaceId } = patient.actor;
    patient.world.settings({ unverifiedDomains: ["acme.example"] });
    const automation = await makeAutomation(db, { workspaceId, connectionId: patient.id });
    const [profile] = await makeProfiles(db, { workspaceId }, people(1));
    const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
    await makeEnrollments(db, run, [{ profileId: profile?.id ?? "" }]);
    await dispatch({ budgetMs: 5_000, kind: "worker" });
    expect(await patient.row("from")).toMatchObject({ state: "broken", summary: expect.stringContaining("refuses") });
  });
});
