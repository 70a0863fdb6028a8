import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Actor, permissions, rolePermissions, systemTenant } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { toPublicError } from "../errors";
import { log } from "../log";
import { type Sandbox, startSandbox } from "../sandbox";
import { makeConnection, makeWorkspace } from "../testing/factory";
import {
  changeConnection,
  createConnection,
  getConnection,
  listConnections,
  openConnector,
  resealConnections,
  validateConnection,
  validateDraft,
  webhookSender,
} from "./index";
import { createConnectionInput } from "./schema";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 8 });
  process.env.POSTMARK_API_URL = sandbox.url;
  forgetEnv();
});
afterAll(() => sandbox.close());

const keyOf = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString("base64")}`;
function useKeys(...keys: string[]) {
  process.env.ENCRYPTION_KEYS = keys.join(",");
  forgetEnv();
}
const newActor = async (): Promise<Actor> => ({
  kind: "user",
  id: "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31",
  workspaceId: (await makeWorkspace(db)).id,
  permissions: new Set(permissions),
});

test("a token and what it opens stand in no answer, error, log line, audit entry or stored column", async () => {
  const lines: string[] = [];
  const collect = (...words: unknown[]) => void lines.push(words.map(String).join(" "));
  for (const level of ["error", "warn", "info", "log"] as const) vi.spyOn(console, level).mockImplementation(collect);
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const told: unknown[] = [];
  const ask = (work: Promise<unknown>) =>
    work.then(
      (value) => told.push(value),
      (thrown) => {
        log.error("as the porch would", thrown);
        told.push(toPublicError(thrown), String(thrown), JSON.stringify(thrown));
      },
    );
  const actor = await newActor();
  const world = sandbox.world();
  const tokens = [world.serverToken, world.accountToken, "a-secret-token-that-is-wrong"];
  for (const token of tokens) {
    const input = createConnectionInput.parse({ provider: "postmark", display_name: "x", server_token: token });
    const fault = world.addFault({
      action: "status",
      status: 422,
      json: { ErrorCode: 300, Message: `You sent ${token}` },
      path: "/server",
      count: 1,
    });
    await ask(validateDraft(actor, input));
    fault.remove();
    await ask(createConnection(actor, input));
  }
  for (const { id } of (await listConnections(actor, { limit: 50 })).data) {
    await ask(validateConnection(actor, { id }));
    await ask(getConnection(actor, { id }));
    await ask(changeConnection(actor, { id, server_token: tokens[2] ?? "" }));
    await ask(
      openConnector(db, systemTenant(actor.workspaceId), id).then(({ connection, connector }) => ({
        connection,
        connector,
      })),
    );
    await ask(webhookSender(actor.workspaceId, id, new Headers({ authorization: `Basic ${tokens[0]}` })));
  }
  const rows = await db.sql("select c::text from connections c union all select a::text from audit_entries a");
  const all = JSON.stringify([told, lines, rows]);
  expect(told.length).toBeGreaterThan(15);
  for (const token of tokens) {
    expect(all.toLowerCase()).not.toContain(token);
    expect(all).not.toContain(Buffer.from(token).toString("base64").slice(0, 20));
    expect(all).not.toContain(Buffer.from(token).toString("hex"));
  }
});

test("the webhook secret is not shown to who may not manage connections, and stands in no column in clear", async () => {
  const actor = await newActor();
  const { id } = await makeConnection(db, {
    workspaceId: actor.workspaceId,
    webhookSecret: "a-webhook-secret-in-clear",
  });
  const shown = await getConnection({ ...actor, permissions: rolePermissions.marketer }, { id });
  const rows = await db.sql("select c::text from connections c where id = $1", [id]);
  expect(JSON.stringify([shown, rows])).not.toContain("a-webhook-secret-in-clear");
  expect(JSON.stringify(rows)).not.toContain(Buffer.from("a-webhook-secret-in-clear").toString("hex"));
});

test("key rotation seals everything again, in pieces, after which the old key is not needed", async () => {
  await db.sql("delete from connections");
  useKeys(keyOf("old", 1));
  const actor = await newActor();
  const tenant = systemTenant(actor.workspaceId);
  const made = [];
  for (let number = 0; number < 5; number++)
    made.push(
      await makeConnection(db, {
        workspaceId: actor.workspaceId,
        serverToken: sandbox.serverToken,
        webhookSecret: `secret-${number}`,
      }),
    );
  useKeys(keyOf("new", 2), keyOf("old", 1));
  expect(await resealConnections(db, 2)).toBe(2);
  expect(await resealConnections(db, 100)).toBe(3);
  expect(await resealConnections(db, 100)).toBe(0);
  useKeys(keyOf("new", 2));
  for (const [number, { id }] of made.entries()) {
    expect((await getConnection(actor, { id })).webhook_secret).toBe(`secret-${number}`);
    expect(await (await openConnector(db, tenant, id)).connector.check()).toMatchObject({ kind: "ready" });
  }
});

test("a connection whose key is gone is passed over and logged, and does not hold up the others", async () => {
  await db.sql("delete from connections");
  const actor = await newActor();
  useKeys(keyOf("lost", 9));
  const lost = await makeConnection(db, { workspaceId: actor.workspaceId });
  useKeys(keyOf("old", 1));
  await makeConnection(db, { workspaceId: actor.workspaceId });
  useKeys(keyOf("new", 2), keyOf("old", 1));
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await resealConnections(db, 10)).toBe(1);
  expect(said).toHaveBeenCalledWith(expect.stringContaining(lost.id));
  await expect(openConnector(db, systemTenant(actor.workspaceId), lost.id)).rejects.toThrow("no key with id lost");
});
