import { describe, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { changeConnection, createConnection, getConnection, rotateWebhookSecret, webhookSender } from "../connections";
import { createConnectionInput, type News } from "../connections/schema";
import { startMailServer } from "../connections/testing/mail-server";
import { db } from "../db";
import { AppError } from "../errors";
import { fillNews } from "../sends/fill";
import { makeAutomation, makeEnrollments, makeProfiles, makeWorkspace } from "../testing/factory";
import { examineConnection, mendConnection, recentExamination, watchLoop } from "./doctor";
import { dispatch } from "./index";
import { dropHook, madeHealthy, moveTo, replaceHook, secretOf, surgery } from "./testing/patient";
import { people } from "./testing/world";

const at = surgery();

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
    const patient = await madeHealthy(await at.admit());
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

  test("offers to delete no webhook while it cannot be read which of them carries the right secret", async () => {
    const patient = await madeHealthy(await at.admit());
    const url = patient.world.webhooks()[0]?.url ?? "";
    patient.world.registerWebhook({ url, stream: "broadcast", username: "gflux", password: "a wrong one" });
    expect(await patient.row("duplicates")).toMatchObject({ fix: { id: "remove_duplicates" } });
    await db.sql("update connections set sealed_webhook_secret = '\\x00' where id = $1", [patient.id]);
    const { data } = await examineConnection(patient.actor, { id: patient.id });
    expect(data.map(({ id }) => id)).not.toContain("duplicates");
    expect(await patient.fix("remove_duplicates")).toMatchObject({ changed: [] });
    expect(patient.world.webhooks()).toHaveLength(2);
  });

  test("says what Postmark got from us when it could not verify, and changes nothing", async () => {
    const patient = await at.admit();
    moveTo(`${at.door}/elsewhere`);
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
    const { actor, id, world } = await madeHealthy(await at.admit());
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
    const patient = await madeHealthy(await at.admit());
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
    const refused = { state: "broken", summary: expect.stringContaining("refuses") };
    await vi.waitFor(
      async () => {
        await dispatch({ budgetMs: 5_000, kind: "worker" });
        expect(await patient.row("from")).toMatchObject(refused);
      },
      { timeout: 20_000 },
    );
  });

  test("does not take what it asked Postmark for as a sign that webhooks come", async () => {
    const patient = await madeHealthy(await at.admit());
    await dropHook(patient);
    await patient.fix("loop");
    const seen = async () => (await watchLoop(patient.actor, { id: patient.id })).row.facts;
    await vi.waitFor(
      async () => expect(await seen()).not.toContainEqual({ label: "Found by search", value: "not yet" }),
      { timeout: 10_000 },
    );
    const [send] = await db.prisma.send.findMany({ where: { workspaceId: patient.actor.workspaceId } });
    const news: News = {
      kind: "delivered",
      recordType: "Delivery",
      newsKey: "details Delivered x",
      providerMessageId: send?.providerMessageId ?? "",
      sendId: send?.id ?? "",
      batchId: null,
      recipient: send?.toEmail ?? "",
      stream: "broadcast",
      occurredAt: new Date().toISOString(),
      suppression: null,
      data: {},
    };
    const filled = await fillNews(systemTenant(patient.actor.workspaceId), patient.id, [news]);
    expect(filled).toBe(1);
    expect(await seen()).toContainEqual({ label: "Webhook arrived", value: "not yet" });
  });

  test("is well again after an encryption key was lost, with token and webhook secret made anew", async () => {
    const patient = await madeHealthy(await at.admit());
    const { actor, id, world } = patient;
    await db.sql("update connections set sealed_credentials = '\\x00', sealed_webhook_secret = '\\x00' where id = $1", [
      id,
    ]);
    const { data } = await examineConnection(actor, { id });
    expect(data.find((row) => row.id === "token")).toMatchObject({
      state: "broken",
      summary: expect.stringContaining("ENCRYPTION_KEYS"),
    });
    expect((await getConnection(actor, { id })).webhook_secret).toBeNull();
    await changeConnection(actor, { id, server_token: world.serverToken });
    const { webhook_secret: secret } = await rotateWebhookSecret(actor, { id });
    const sentWith = (given: string) =>
      webhookSender(actor.workspaceId, id, new Headers({ "x-gflux-webhook-secret": given }));
    expect(await sentWith(secret ?? "")).toBeDefined();
    // It may be the one that cannot be read: refused for good it would be lost.
    await expect(sentWith("the one before")).rejects.not.toBeInstanceOf(AppError);
    expect(await patient.fix("webhook:broadcast")).toMatchObject({ row: { state: "good" } });
  });

  test("examines a connection by SMTP as well, and keeps nothing of its senders with another login", async () => {
    const mail = await startMailServer();
    try {
      const { actor, world } = await at.admit();
      const login = { smtp_host: "127.0.0.1", smtp_port: mail.port, smtp_secure: "none", username: "acme" };
      const form = { provider: "smtp", display_name: "Office", from_email: "hello@acme.example", ...login };
      const { id } = await createConnection(actor, createConnectionInput.parse({ ...form, password: mail.password }));
      const states = async () => {
        const { data } = await recentExamination(actor, { id });
        return new Map(data.map((row) => [row.id, row.state]));
      };
      const works = await states();
      expect(works.get("login")).toBe("warning"); // it works, in the clear
      expect([works.get("webhooks"), works.get("dmarc"), works.has("loop")]).toEqual([
        "cannot_know",
        "cannot_know",
        false,
      ]);
      const logins = mail.logins.count;
      await recentExamination(actor, { id });
      expect(mail.logins.count).toBe(logins);
      expect(await mendConnection(actor, { id, fix: "loop" })).toMatchObject({ changed: [] });
      mail.password = "another";
      expect((await examineConnection(actor, { id })).data[0]).toMatchObject({ id: "login", state: "broken" });
      const known = () =>
        db.sql("select 1 from sender_addresses where workspace_id = $1 and connection_id = $2", [
          actor.workspaceId,
          id,
        ]);
      const accepted = () =>
        db.sql(
          `insert into sender_addresses (workspace_id, connection_id, email, state, seen_at)
           values ($1, $2, 'hello@acme.example', 'accepted', now())`,
          [actor.workspaceId, id],
        );
      await accepted();
      await changeConnection(actor, { id, display_name: "Home" });
      expect(await known()).toHaveLength(1);
      await changeConnection(actor, { id, password: mail.password });
      expect(await known()).toEqual([]);
      await accepted();
      await changeConnection(actor, { id, provider: "postmark", server_token: world.serverToken });
      const native = await states();
      expect([native.get("token"), native.get("from"), native.has("login")]).toEqual(["good", "cannot_know", false]);
    } finally {
      await mail.close();
    }
  });
});
