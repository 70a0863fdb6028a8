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
};

const file = ".data/demo.json";
const signIn = { email: "demo@example.com", password: "lifecycle-demo" };

/** The demo's workspace: made the first time, found afterwards. */
export async function prepareDemo(sandbox: Sandbox): Promise<Demo> {
  const before = await existing();
  if (before) return before;
  console.error("Filling the demo workspace …");
  const made = await createWorkspace({ name: "Demo", owner_email: signIn.email, owner_password: signIn.password });
  const { server, serverToken } = sandbox.world();
  await seedWorkspace(db, {
    workspaceId: made.workspace_id,
    serverToken,
    serverId: String(server.id),
    serverName: server.name,
    now: new Date(),
  });
  const demo = {
    ...signIn,
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
