import fs from "node:fs";
import { db } from "../lib/db";
import type { Sandbox } from "../lib/sandbox";
import { createWorkspace } from "../lib/workspaces";
import { seedWorkspace } from "../prisma/seed";

export type Demo = {
  email: string;
  password: string;
  workspaceId: string;
  slug: string;
  secretKey: string;
  publishableKey: string;
  connectionId: string;
  webhookSecret: string;
};

const file = ".data/demo.json";
const signIn = { email: "demo@example.com", password: "lifecycle-demo" };

/** The demo's workspace, made the first time and found afterwards, with the sandbox's webhooks pointing at it. */
export async function prepareDemo(sandbox: Sandbox, appUrl: string): Promise<Demo> {
  const demo = (await existing()) ?? (await make(sandbox));
  await pointWebhooks(sandbox, appUrl, demo);
  return demo;
}

async function make(sandbox: Sandbox): Promise<Demo> {
  console.error("Filling the demo workspace …");
  const made = await createWorkspace({
    name: "Demo",
    owner_email: signIn.email,
    owner_password: signIn.password,
  });
  const { server, serverToken } = sandbox.world();
  const seeded = await seedWorkspace(db, {
    workspaceId: made.workspace_id,
    serverToken,
    serverId: String(server.id),
    serverName: server.name,
    now: new Date(),
  });
  const demo = {
    ...signIn,
    ...seeded,
    workspaceId: made.workspace_id,
    slug: made.slug,
    secretKey: made.secret_key,
    publishableKey: made.publishable_key,
  };
  fs.writeFileSync(file, JSON.stringify(demo, null, 2), { mode: 0o600 });
  return demo;
}

/** The keys are stored hashed, so what was printed is kept beside the data; it counts only while the workspace is in the database. */
async function existing(): Promise<Demo | undefined> {
  if (!fs.existsSync(file)) return undefined;
  const demo = JSON.parse(fs.readFileSync(file, "utf8")) as Demo;
  const found = await db.prisma.workspace.findUnique({ where: { id: demo.workspaceId }, select: { id: true } });
  return found ? demo : undefined;
}

/** One webhook per stream, as a customer would add them; those of an earlier start, perhaps on another port, go. */
async function pointWebhooks(sandbox: Sandbox, appUrl: string, demo: Demo): Promise<void> {
  const world = sandbox.world();
  const url = `${appUrl}/api/webhooks/${demo.workspaceId}/data_connections/${demo.connectionId}/postmark`;
  const headers = { "X-Postmark-Server-Token": world.serverToken, Accept: "application/json" };
  const listed = await fetch(`${world.apiUrl}/webhooks`, { headers });
  const { Webhooks: before } = (await listed.json()) as { Webhooks: { ID: number; Url: string }[] };
  const ours = before.filter((webhook) => webhook.Url.includes(demo.connectionId));
  await Promise.all(ours.map(({ ID }) => fetch(`${world.apiUrl}/webhooks/${ID}`, { method: "DELETE", headers })));
  for (const stream of ["broadcast", "outbound"])
    world.registerWebhook({ url, stream, username: "gflux", password: demo.webhookSecret });
}
