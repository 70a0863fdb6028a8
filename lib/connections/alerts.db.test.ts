import { createHmac } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Actor, rolePermissions, systemTenant } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { makeConnection, makeMembership, makeUser } from "../testing/factory";
import { type FakeCall, FakeConnector } from "../testing/fake-connector";
import { listAudit } from "../workspaces";
import { alertRules } from "./alert-schema";
import { signatureOf } from "./alert-secret";
import {
  acknowledgeAlert,
  changeAlertSettings,
  connectionRecords,
  countHours,
  disableConnection,
  getAlertSettings,
  listAlerts,
  markFailing,
  watchAlerts,
} from "./index";
import { listAlertsInput } from "./schema";
import { setDefault } from "./store-life";
import { codeOf, ground, owner, tenantOf } from "./testing/ground";

const at = ground();
const fake = new FakeConnector();
const open: Parameters<typeof watchAlerts>[0]["open"] = async (database, tenant, id) => {
  const connection = (await connectionRecords(database, tenant, [id])).get(id);
  if (!connection) throw new Error("no such connection in this test");
  return { connector: fake, connection };
};
const watch = () => watchAlerts({ open });
const alertsOf = async (actor: Actor, query: object = {}) =>
  (await listAlerts(actor, listAlertsInput.parse(query))).data;
const madeBy = (actor: Actor, over: object = {}) => makeConnection(db, { workspaceId: actor.workspaceId, ...over });
const came = (actor: Actor, id: string, counts: object) =>
  countHours(db, tenantOf(actor), id, [{ at: new Date(), ...counts }]);
/** As if tries that wait were due. */
const dueAgain = () =>
  db.sql("update alerts set deliver_at = now() - interval '1 second' where deliver_at is not null");

const servers: http.Server[] = [];
afterEach(async () => {
  delete process.env.ALERTS_ALLOW_PRIVATE;
  forgetEnv();
  fake.outbox.length = 0;
  fake.calls.length = 0;
  await db.sql("delete from alerts");
  await db.sql("update connections set status = 'ready' where status = 'failing'");
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

type Heard = { body: string; signature: string };
/** A customer's server that answers with these statuses, the last one again and again; null: never. */
async function hears(...answers: (number | null)[]): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    heard.push({ body, signature: String(request.headers["x-gflux-signature"]) });
    // Whoever looks while it is being told tells nothing.
    if (heard.length === 1) await watch();
    const status = answers[Math.min(heard.length, answers.length) - 1];
    if (status) response.writeHead(status, { location: "http://127.0.0.1:1/" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { url: `http://127.0.0.1:${port}/alerts?to=us`, heard };
}

describe("an alert", () => {
  test("opens once from many processes while a connection fails, and closes when it is mended", async () => {
    const { id } = await madeBy(at.actor, { displayName: "Production" });
    expect(await watch()).toMatchObject({ opened: 0 });
    await markFailing(db, tenantOf(at.actor), id, "Postmark refused the token.");
    const passes = await Promise.all([watch(), watch(), watch(), watch()]);
    expect(passes.reduce((sum, { opened }) => sum + opened, 0)).toBe(1);
    await watch();
    const [alert, ...more] = await alertsOf(at.actor, { open: "true" });
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ kind: "failing", connection: { id }, closed_at: null, deliveries: [] });
    expect(alert?.sentence).toBe("“Production” is failing. Postmark refused the token.");
    await disableConnection(at.actor, { id });
    await watch();
    expect(await alertsOf(at.actor, { open: "true" })).toEqual([]);
    expect(await alertsOf(at.actor, { open: "false" })).toMatchObject([
      { id: alert?.id, closed_at: expect.any(String) },
    ]);
  });

  test("opens when a breaker has not closed for five minutes, and not before", async () => {
    const { id, workspaceId } = await madeBy(at.actor);
    const openFor = (minutes: number) =>
      db.sql(
        `insert into send_lanes (workspace_id, connection_id, message_stream, failures, open_since, open_why)
         values ($1, $2, 'broadcast', 3, now() - make_interval(mins => $3), '503')
         on conflict (workspace_id, connection_id, message_stream) do update set open_since = excluded.open_since`,
        [workspaceId, id, minutes],
      );
    await openFor(alertRules.failingAfterMinutes - 1);
    await watch();
    expect(await alertsOf(at.actor)).toEqual([]);
    await openFor(alertRules.failingAfterMinutes + 1);
    await watch();
    expect(await alertsOf(at.actor)).toMatchObject([{ kind: "failing", figures: { why: "503" } }]);
  });

  test.each([
    ["complaints", { sent: 2_000, complained: 2 }, { complained: 1 }],
    ["bounces", { sent: 200, bounced: 10 }, { bounced: 1 }],
  ])("%s: at the limit of a day none, above it one", async (kind, atLimit, more) => {
    const { id } = await madeBy(at.actor);
    await came(at.actor, id, atLimit);
    await watch();
    expect(await alertsOf(at.actor)).toEqual([]);
    await came(at.actor, id, more);
    await Promise.all([watch(), watch(), watch()]);
    expect(await alertsOf(at.actor)).toMatchObject([{ kind, figures: { sent: atLimit.sent }, closed_at: null }]);
    // A little below is not over yet; far below is.
    await came(at.actor, id, { sent: Math.round(atLimit.sent * 0.15) });
    await watch();
    expect(await alertsOf(at.actor, { open: "true" })).toHaveLength(1);
    await came(at.actor, id, { sent: atLimit.sent });
    await watch();
    expect(await alertsOf(at.actor, { open: "true" })).toEqual([]);
  });

  test("one of three does not alarm, and neither does yesterday's mail", async () => {
    const { id } = await madeBy(at.actor);
    await came(at.actor, id, { sent: alertRules.sentMin - 1, bounced: 50, complained: 50 });
    await countHours(db, tenantOf(at.actor), id, [
      { at: new Date(Date.now() - 26 * 3_600_000), sent: 500, bounced: 400 },
    ]);
    await watch();
    expect(await alertsOf(at.actor)).toEqual([]);
  });

  test("is acknowledged by who says so first, which the audit log keeps; another workspace finds nothing", async () => {
    const { id } = await madeBy(at.actor);
    await markFailing(db, tenantOf(at.actor), id, "x");
    await watch();
    const [alert] = await alertsOf(at.actor);
    expect(await alertsOf(at.stranger)).toEqual([]);
    expect(await codeOf(acknowledgeAlert(at.stranger, { id: alert?.id ?? "" }))).toBe("not_found");
    expect(await codeOf(acknowledgeAlert(at.actor, { id: "nonsense" }))).toBe("not_found");
    const viewer: Actor = { ...at.actor, role: "viewer", permissions: rolePermissions.viewer };
    expect(await codeOf(acknowledgeAlert(viewer, { id: alert?.id ?? "" }))).toBe("forbidden");
    expect(await acknowledgeAlert(at.actor, { id: alert?.id ?? "" })).toMatchObject({ acknowledged_by: at.actor.id });
    await acknowledgeAlert({ ...at.actor, kind: "operator" }, { id: alert?.id ?? "" });
    const { data } = await listAudit(at.actor, { limit: 10, cursor: undefined });
    expect(data.filter(({ action }) => action === "alert.acknowledged")).toHaveLength(1);
    await watch();
    expect(await alertsOf(at.actor, { open: "true" })).toHaveLength(1);
  });
});

describe("a webhook", () => {
  test("is told once, signed over its time and body", async () => {
    const { url, heard } = await hears(204);
    const { id } = await madeBy(at.actor);
    const settings = await changeAlertSettings(at.actor, { alert_webhook_url: url });
    await markFailing(db, tenantOf(at.actor), id, "x");
    await Promise.all([watch(), watch(), watch()]);
    await dueAgain();
    await watch();
    expect(heard).toHaveLength(1);
    const [call] = heard;
    const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(call?.signature ?? "") ?? [];
    const expected = createHmac("sha256", settings.alert_webhook_secret ?? "")
      .update(`${time}.${call?.body}`)
      .digest("hex");
    expect(mac).toBe(expected);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
    expect(JSON.parse(call?.body ?? "")).toMatchObject({
      type: "alert.opened",
      project_id: at.actor.workspaceId,
      alert: { kind: "failing", connection: { id } },
    });
    expect((await alertsOf(at.actor))[0]?.deliveries).toMatchObject([
      { channel: "webhook", to: url, outcome: "delivered" },
    ]);
  });

  test("that does not take it is called three times, follows no redirect, and the end is shown", async () => {
    const { url, heard } = await hears(500, 302);
    const { id } = await madeBy(at.actor);
    await changeAlertSettings(at.actor, { alert_webhook_url: url });
    await markFailing(db, tenantOf(at.actor), id, "x");
    for (let passes = 0; passes < 5; passes += 1) {
      await watch();
      await dueAgain();
    }
    expect(heard).toHaveLength(3);
    expect((await alertsOf(at.actor))[0]?.deliveries).toMatchObject([
      { outcome: "failed", detail: "It answered 302.", tries: 3 },
    ]);
  });

  test("is not called by who was stopped until the claim had lapsed", async () => {
    const { url, heard } = await hears(204);
    const { id, workspaceId } = await madeBy(at.actor);
    await changeAlertSettings(at.actor, { alert_webhook_url: url });
    await markFailing(db, tenantOf(at.actor), id, "x");
    // As if each pass were stopped after its claim for longer than that holds.
    await db.sql(`create function lapse() returns trigger language plpgsql as
      $$ begin if new.deliver_tries > old.deliver_tries then new.deliver_at := now(); end if; return new; end $$`);
    await db.sql("create trigger lapse before update on alerts for each row execute function lapse()");
    await watch().finally(() => db.sql("drop function lapse cascade"));
    const [alert] = await db.sql<{ tries: number }>(
      "select deliver_tries as tries from alerts where workspace_id = $1",
      [workspaceId],
    );
    expect(alert?.tries).toBeGreaterThan(0);
    expect(heard).toEqual([]);
    await watch();
    expect(heard).toHaveLength(1);
  });

  test("on a private address is refused when it is entered, and never called when it leads there later", async () => {
    const { url, heard } = await hears(204);
    const { id } = await madeBy(at.actor);
    await changeAlertSettings(at.actor, { alert_webhook_url: url });
    process.env.ALERTS_ALLOW_PRIVATE = "off";
    forgetEnv();
    for (const refused of [
      url,
      "https://127.0.0.1/",
      "https://[::ffff:10.0.0.1]/",
      "https://localhost/x",
      "http://example.com/",
    ])
      expect(await codeOf(changeAlertSettings(at.actor, { alert_webhook_url: refused })), refused).toBe(
        "validation_error",
      );
    await markFailing(db, tenantOf(at.actor), id, "x");
    await watch();
    expect(heard).toEqual([]);
    expect((await alertsOf(at.actor))[0]?.deliveries[0]?.outcome).toBe("failed");
  });

  test("another URL gets another secret, nobody but who manages the workspace sees it, and the log says who changed it", async () => {
    const first = await changeAlertSettings(at.actor, { alert_webhook_url: "http://127.0.0.1:1/a" });
    expect((await changeAlertSettings(at.actor, { alert_email_admins: true })).alert_webhook_secret).toBe(
      first.alert_webhook_secret,
    );
    const second = await changeAlertSettings(at.actor, { alert_webhook_url: "http://127.0.0.1:1/b" });
    expect(second.alert_webhook_secret).not.toBe(first.alert_webhook_secret);
    const viewer: Actor = { ...at.actor, role: "viewer", permissions: rolePermissions.viewer };
    expect(await getAlertSettings(viewer)).toMatchObject({ alert_webhook_secret: null, alert_email_admins: true });
    expect(await getAlertSettings(at.stranger)).toMatchObject({ alert_webhook_url: null });
    const { data } = await listAudit(at.actor, { limit: 10, cursor: undefined });
    expect(data.filter(({ action }) => action === "alert_settings.changed")).toHaveLength(3);
    expect(JSON.stringify(data)).not.toContain(second.alert_webhook_secret);
  });

  test("whose secret cannot be read says so, is not called, and gets a new one when its URL is saved again", async () => {
    const { url, heard } = await hears(204);
    const { id, workspaceId } = await madeBy(at.actor);
    const first = await changeAlertSettings(at.actor, { alert_webhook_url: url });
    expect(first.alert_webhook_problem).toBeNull();
    await db.sql("update alert_settings set sealed_webhook_secret = $2 where workspace_id = $1", [
      workspaceId,
      Buffer.concat([Buffer.from([1, 4]), Buffer.from("gone"), Buffer.alloc(40)]),
    ]);
    await markFailing(db, tenantOf(at.actor), id, "x");
    await watch();
    expect(heard).toEqual([]);
    const words = expect.stringMatching(/cannot be read \(ENCRYPTION_KEYS has no key with id gone\).*saved again/);
    expect((await alertsOf(at.actor))[0]?.deliveries).toMatchObject([{ outcome: "failed", detail: words }]);
    const broken = { alert_webhook_url: url, alert_webhook_secret: null, alert_webhook_problem: words };
    expect(await getAlertSettings(at.actor)).toMatchObject(broken);
    expect(await changeAlertSettings(at.actor, { alert_email_admins: false })).toMatchObject(broken);
    const mended = await changeAlertSettings(at.actor, { alert_webhook_url: url });
    expect(mended).toMatchObject({ alert_webhook_problem: null, alert_webhook_secret: expect.any(String) });
    expect(mended.alert_webhook_secret).not.toBe(first.alert_webhook_secret);
    await dueAgain();
    await watch();
    expect(heard).toHaveLength(1);
  });

  test("and emails to admins that two people set at the same moment are both set", async () => {
    const actor = await owner();
    for (let round = 0; round < 5; round += 1) {
      const url = `http://127.0.0.1:1/${round}`;
      await changeAlertSettings(actor, { alert_webhook_url: null, alert_email_admins: false });
      await Promise.all([
        changeAlertSettings(actor, { alert_webhook_url: url }),
        changeAlertSettings(actor, { alert_email_admins: true }),
      ]);
      expect(await getAlertSettings(actor)).toMatchObject({ alert_webhook_url: url, alert_email_admins: true });
    }
  });

  test("the signature is over its time too", () => {
    const then = new Date("2026-11-22T00:00:00Z");
    expect(signatureOf("s", "{}", then)).not.toBe(
      signatureOf("s", "{}", new Date("2026-11-22T00:00:01Z")).replace(/t=\d+/, "t=1795305600"),
    );
    expect(signatureOf("s", "{}", then)).toMatch(/^t=1795305600,v1=/);
  });
});

describe("emails to owners and admins", () => {
  async function scene() {
    const actor = await owner();
    const { workspaceId } = actor;
    const [admin, viewer] = [await makeUser(db), await makeUser(db)];
    await makeMembership(db, { workspaceId, userId: admin.id, role: "admin" });
    await makeMembership(db, { workspaceId, userId: viewer.id, role: "viewer" });
    const [first, second] = [await madeBy(actor, { displayName: "First" }), await madeBy(actor)];
    await setDefault(db, systemTenant(workspaceId), first.id);
    await changeAlertSettings(actor, { alert_email_admins: true });
    return { actor, tenant: tenantOf(actor), admin, first, second };
  }

  test("leave through the default connection on its transactional stream, once, to nobody else", async () => {
    const { actor, tenant, admin, second } = await scene();
    await markFailing(db, tenant, second.id, "x");
    await Promise.all([watch(), watch()]);
    await dueAgain();
    await watch();
    expect(fake.outbox.map(({ to, stream }) => [to, stream])).toEqual([[admin.email, "outbound"]]);
    expect((await alertsOf(actor))[0]?.deliveries).toMatchObject([
      { channel: "email", to: admin.email, outcome: "delivered" },
    ]);
  });

  test("are claimed one alert at a time, each for as long as telling of it may take", async () => {
    const { tenant, second } = await scene();
    const third = await madeBy(at.actor, { workspaceId: tenant.workspaceId });
    for (const { id } of [second, third]) await markFailing(db, tenant, id, "x");
    const claims: unknown[] = [];
    const look = async ({ messages, stream }: FakeCall) => {
      const held = await db.sql(
        `select deliver_at > now() + interval '30 seconds' as long from alerts where workspace_id = $1 and deliver_at > now()`,
        [tenant.workspaceId],
      );
      claims.push(held);
      return { kind: "answered" as const, outcomes: fake.accept(messages, stream) };
    };
    fake.answerNext(look, look);
    await watch();
    expect(claims).toEqual([[{ long: true }], [{ long: true }]]);
  });

  test("are not begun by a pass that is over once the webhook was told: the next one writes at once, and calls no webhook again", async () => {
    const { actor, tenant, second } = await scene();
    const { url, heard } = await hears(204);
    await changeAlertSettings(actor, { alert_webhook_url: url });
    await markFailing(db, tenant, second.id, "x");
    await watchAlerts({ open, isOver: () => heard.length > 0 });
    expect([heard.length, fake.calls.length]).toEqual([1, 0]);
    await watch();
    expect([heard.length, fake.calls.length]).toEqual([1, 1]);
    expect((await alertsOf(actor))[0]?.deliveries).toMatchObject([
      { channel: "webhook", outcome: "delivered" },
      { channel: "email", outcome: "delivered" },
    ]);
  });

  test("are written even where every pass is over after the webhook, which is called three times", async () => {
    const { actor, tenant, second } = await scene();
    const { url, heard } = await hears(500);
    await changeAlertSettings(actor, { alert_webhook_url: url });
    await markFailing(db, tenant, second.id, "x");
    for (let passes = 0; passes < 6; passes += 1) {
      const before = heard.length;
      await watchAlerts({ open, isOver: () => heard.length > before });
      // Not before its time.
      if (passes === 0) {
        await watch();
        expect(heard).toHaveLength(1);
      }
      await dueAgain();
    }
    expect([heard.length, fake.calls.length]).toEqual([3, 1]);
    expect(
      await db.sql("select 1 from alerts where workspace_id = $1 and deliver_at is not null", [tenant.workspaceId]),
    ).toEqual([]);
  });

  test("never leave through the connection that fails: that they could not be sent is said", async () => {
    const { actor, tenant, first } = await scene();
    await markFailing(db, tenant, first.id, "x");
    await watch();
    expect(fake.calls).toEqual([]);
    expect((await alertsOf(actor))[0]?.deliveries).toMatchObject([
      { outcome: "failed", detail: "Not sent: the default connection is the one that fails." },
    ]);
  });

  test("whose answer was lost are not sent again", async () => {
    const { actor, tenant, second } = await scene();
    // Tried again because of it; the email is not.
    await changeAlertSettings(actor, { alert_webhook_url: "http://127.0.0.1:1/" });
    await markFailing(db, tenant, second.id, "x");
    fake.answerNext({ kind: "unknown", cause: "connection reset" });
    for (let passes = 0; passes < 3; passes += 1) {
      await watch();
      await dueAgain();
    }
    expect(fake.calls).toHaveLength(1);
    expect((await alertsOf(actor))[0]?.deliveries).toMatchObject([
      { channel: "webhook", outcome: "failed", tries: 3 },
      { channel: "email", outcome: "unknown", detail: "connection reset" },
    ]);
  });
});
