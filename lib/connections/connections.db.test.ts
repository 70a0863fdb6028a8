import { describe, expect, test } from "vitest";
import { rolePermissions } from "../actor";
import { db } from "../db";
import { AppError } from "../errors";
import { makeConnection } from "../testing/factory";
import {
  changeConnection,
  connectionRecords,
  createConnection,
  getConnection,
  listConnections,
  openConnector,
  validateConnection,
  validateDraft,
} from "./index";
import { connectionList, connection as connectionSchema } from "./schema";
import { codeOf, form, ground, heard, pointTo, tenantOf } from "./testing/ground";

const at = ground();
const versionNow = async () =>
  (await db.prisma.workspace.findUniqueOrThrow({ where: { id: at.actor.workspaceId } })).version;

describe("adding", () => {
  test("validates by itself and remembers server and streams", async () => {
    const made = await createConnection(
      at.actor,
      form(at.world.serverToken, { from_email: "hello@example.com", message_stream: "broadcast" }),
    );
    expect(made).toMatchObject({
      project_id: at.actor.workspaceId,
      provider: "postmark",
      status: "ready",
      last_error: null,
      server: { id: String(at.world.server.id), name: at.world.server.name },
      server_token_last4: at.world.serverToken.slice(-4),
      from_email: "hello@example.com",
      message_stream: "broadcast",
      allow_transactional: false,
      webhook_url: expect.stringContaining(
        `/api/webhooks/${at.actor.workspaceId}/data_connections/${made.id}/postmark`,
      ),
    });
    expect(made.streams.map(({ id }) => id)).toEqual(expect.arrayContaining(["outbound", "broadcast"]));
    expect(made.last_validated_at).not.toBeNull();
    expect(connectionSchema.parse(made)).toEqual(made);
  });

  test("saves anyway when the token is refused, and says why", async () => {
    const made = await createConnection(at.actor, form("wrong-token"));
    expect(made).toMatchObject({ status: "unvalidated", server: null, last_validated_at: null });
    expect(made.last_error).toMatch(/refused this token.*API Tokens/);
  });

  test("saves anyway when Postmark cannot be reached", async () => {
    pointTo("http://127.0.0.1:9");
    expect(await createConnection(at.actor, form(at.world.serverToken))).toMatchObject({
      status: "unvalidated",
      last_error: expect.stringContaining("could not be reached"),
    });
  });

  test("a stream that the server lacks leaves it unvalidated", async () => {
    expect(await createConnection(at.actor, form(at.world.serverToken, { message_stream: "typo" }))).toMatchObject({
      status: "unvalidated",
      last_error: expect.stringContaining("“typo”"),
    });
  });

  test("is noted in the audit log and tells other processes, without the token", async () => {
    const before = await versionNow();
    await createConnection(at.actor, form(at.world.serverToken));
    expect(await versionNow()).toBeGreaterThan(before);
    const [entry] = await db.prisma.auditEntry.findMany({ where: { workspaceId: at.actor.workspaceId } });
    expect(entry).toMatchObject({ action: "connection.created", subject: "Production" });
    expect(JSON.stringify(entry)).not.toContain(at.world.serverToken);
  });
});

describe("Validate before saving", () => {
  test("says what the token opens and saves nothing", async () => {
    const result = await validateDraft(at.actor, form(at.world.serverToken));
    expect(result).toMatchObject({ status: "ready", server: { name: at.world.server.name }, stats_available: true });
    expect(result.message).toContain(at.world.server.name);
    expect(result.streams.find(({ id }) => id === "broadcast")).toMatchObject({
      type: "broadcast",
      unsubscribe_handling: "provider",
    });
    expect(await listConnections(at.actor, { limit: 50 })).toEqual({ data: [], next_cursor: null });
  });

  test.each([
    ["a refused token", () => form("wrong-token"), "bad_credentials", /refused/],
    ["an account token", () => form(at.world.accountToken), "bad_credentials", /account token/],
    ["an unknown stream", () => form(at.world.serverToken, { message_stream: "typo" }), "stream_unknown", /“typo”/],
  ])("%s is refused with code, words and hint", async (_case, input, code, words) => {
    const thrown = await validateDraft(at.actor, input()).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: "provider_rejected", message: expect.stringMatching(words) });
    expect(thrown instanceof AppError && thrown.extras.provider).toEqual({
      code,
      message: expect.stringMatching(words),
      hint: expect.stringMatching(/\w+/),
    });
  });

  test("a plan without statistics passes and says so", async () => {
    at.world.settings({ noStats: true });
    expect(await validateDraft(at.actor, form(at.world.serverToken))).toMatchObject({
      stats_available: false,
      message: expect.stringContaining("no statistics"),
    });
  });
});

describe("reading", () => {
  test("newest first, by pages", async () => {
    for (const name of ["first", "second", "third"])
      await makeConnection(db, { workspaceId: at.actor.workspaceId, displayName: name });
    await makeConnection(db, { workspaceId: at.stranger.workspaceId, displayName: "foreign" });
    const page = connectionList.parse(await listConnections(at.actor, { limit: 2 }));
    expect(page.data.map(({ display_name }) => display_name)).toEqual(["third", "second"]);
    const rest = await listConnections(at.actor, { limit: 2, cursor: page.next_cursor ?? undefined });
    expect(rest).toMatchObject({ data: [{ display_name: "first" }], next_cursor: null });
  });

  test("the webhook secret is for those who may manage connections", async () => {
    const { id } = await makeConnection(db, {
      workspaceId: at.actor.workspaceId,
      webhookSecret: "pasted-into-postmark",
    });
    const viewer = { ...at.actor, permissions: rolePermissions.viewer };
    expect((await getConnection(at.actor, { id })).webhook_secret).toBe("pasted-into-postmark");
    expect((await getConnection(viewer, { id })).webhook_secret).toBeNull();
    expect((await listConnections(viewer, { limit: 50 })).data).toMatchObject([{ webhook_secret: null }]);
  });
});

describe("changing", () => {
  test("what is not named stays, and null takes away", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    const requests = at.world.requests().length;
    const changed = await changeConnection(at.actor, { id, display_name: "New name", from_name: null });
    expect(changed).toMatchObject({
      display_name: "New name",
      from_name: null,
      from_email: "hello@example.com",
      status: "ready",
    });
    expect(at.world.requests().length).toBe(requests);
  });

  test("another token is validated, and holds in the next connector that is opened", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: "old-token" });
    const before = await openConnector(db, tenantOf(at.actor), id);
    expect(await before.connector.check()).toMatchObject({ kind: "bad_credentials" });
    expect(await changeConnection(at.actor, { id, server_token: at.world.serverToken })).toMatchObject({
      status: "ready",
      server_token_last4: at.world.serverToken.slice(-4),
    });
    const after = await openConnector(db, tenantOf(at.actor), id);
    expect(await after.connector.check()).toMatchObject({ kind: "ready" });
    expect(after.connection.credentialsVersion).not.toBe(before.connection.credentialsVersion);
  });

  test("of a new token that does not work nothing is known: not the old one's server, streams or validation", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    expect(await changeConnection(at.actor, { id, server_token: "wrong-token" })).toMatchObject({
      server: null,
      streams: [],
      last_validated_at: null,
    });
  });

  test("a wrong token makes a ready one unvalidated, and leaves a failing one failing", async () => {
    const ready = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    expect(await changeConnection(at.actor, { id: ready.id, server_token: "wrong-token" })).toMatchObject({
      status: "unvalidated",
    });
    const failing = await makeConnection(db, { workspaceId: at.actor.workspaceId, status: "failing" });
    expect(await changeConnection(at.actor, { id: failing.id, server_token: "wrong-token" })).toMatchObject({
      status: "failing",
    });
  });

  test("a good token releases the mail of a failing connection", async () => {
    const { id } = await makeConnection(db, {
      workspaceId: at.actor.workspaceId,
      status: "failing",
      failingSince: new Date(),
      lastError: "refused",
    });
    const rung = heard();
    expect(await changeConnection(at.actor, { id, server_token: at.world.serverToken })).toMatchObject({
      status: "ready",
      last_error: null,
    });
    expect(rung()).toBe(true);
    expect((await connectionRecords(db, tenantOf(at.actor), [id])).get(id)?.failingSince).toBeNull();
  });

  test("another stream is looked up on the server", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    expect(await changeConnection(at.actor, { id, message_stream: "typo" })).toMatchObject({
      status: "unvalidated",
      message_stream: "typo",
    });
    // The token is good all the same, and what it opens is known.
    expect(await getConnection(at.actor, { id })).toMatchObject({ server: { name: at.world.server.name } });
    expect(await changeConnection(at.actor, { id, message_stream: null })).toMatchObject({
      status: "ready",
      message_stream: null,
    });
  });
});

test("another stream that was looked up with a token that was replaced meanwhile says nothing of the new one's server", async () => {
  const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
  const slow = at.world.addFault({ action: "latency", ms: 2_000, path: "/server", count: 1 });
  const asked = changeConnection(at.actor, { id, message_stream: "outbound" });
  await expect.poll(() => slow.matched(), { timeout: 10_000 }).toBe(1);
  await changeConnection(at.actor, { id, server_token: "a-token-that-opens-nothing" });
  await asked;
  const row = await db.prisma.connection.findFirstOrThrow({ where: { id } });
  expect(row).toMatchObject({ serverId: null, status: "unvalidated", messageStream: "outbound" });
});

describe("validating a saved one", () => {
  test("success makes a failing one ready, remembers the server, and lets held mail go", async () => {
    const { id } = await makeConnection(db, {
      workspaceId: at.actor.workspaceId,
      serverToken: at.world.serverToken,
      serverId: null,
      streams: [],
      status: "failing",
    });
    const rung = heard();
    expect(await validateConnection(at.actor, { id })).toMatchObject({
      status: "ready",
      server: { id: String(at.world.server.id) },
    });
    expect(rung()).toBe(true);
    expect(await getConnection(at.actor, { id })).toMatchObject({
      status: "ready",
      server: { name: at.world.server.name },
      last_error: null,
    });
  });

  test("a refused token makes a ready one failing, an outage does not", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: at.world.serverToken });
    const outage = at.world.addFault({ action: "status", preset: "503-100" });
    expect(await codeOf(validateConnection(at.actor, { id }))).toBe("provider_rejected");
    expect(await getConnection(at.actor, { id })).toMatchObject({
      status: "ready",
      last_error: expect.stringContaining("could not be reached"),
    });
    expect(outage.fired()).toBeGreaterThan(0);
    outage.remove();
    at.world.revokeToken(at.world.serverToken);
    expect(await codeOf(validateConnection(at.actor, { id }))).toBe("provider_rejected");
    expect(await getConnection(at.actor, { id })).toMatchObject({ status: "failing" });
  });

  test("what was found of a token that was replaced meanwhile is not written over the new one", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId, serverToken: "old-token" });
    const slow = at.world.addFault({ action: "latency", ms: 300, path: "/server", count: 1 });
    const asked = codeOf(validateConnection(at.actor, { id }));
    await expect.poll(() => slow.matched()).toBe(1);
    expect(await changeConnection(at.actor, { id, server_token: at.world.serverToken })).toMatchObject({
      status: "ready",
    });
    expect(await asked).toBe("provider_rejected");
    expect(await getConnection(at.actor, { id })).toMatchObject({ status: "ready", last_error: null });
  });
});
