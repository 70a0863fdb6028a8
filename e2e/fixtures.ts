/** What the specs start from: an owner with a workspace of their own, and a Postmark server of their own in the sandbox. */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import { test as base, type Page } from "@playwright/test";
import type { Role } from "../lib/actor";
import { closeDatabase } from "../lib/db";
import { actorOfUser, createUser, createWorkspace, invite, signUp } from "../lib/workspaces";
import { type Api, type Automation, apiWith, type Connection, makeAutomation, makeConnection } from "./api";
import { type Postmark, postmarkServer } from "./postmark";

export { expect } from "@playwright/test";

/** What e2e/server.ts wrote down about what it started. */
export type Stage = {
  appUrl: string;
  databaseUrl: string;
  sandboxUrl: string;
  controlKey: string;
  /** The server's environment: with it lib/ can be used here as well. */
  settings: Record<string, string>;
};
export type Person = { email: string; password: string };
export type Workspace = { id: string; slug: string; name: string; owner: Person; secretKey: string; api: Api };

type Each = {
  /** A workspace with its owner and a secret key, made without a screen. */
  workspace: Workspace;
  /** A Postmark server that nobody else's test uses. */
  postmark: Postmark;
  /** The two joined: a ready connection, and webhooks that report back to it. */
  connection: Connection;
  /** Makes and publishes an automation that answers an event with one email through the connection. */
  publish: (name: string, event: string, over?: object) => Promise<Automation>;
};
type Shared = { stage: Stage };

export const test = base.extend<Each, Shared>({
  stage: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what a fixture needs
    async ({}, use) => {
      const stage = JSON.parse(fs.readFileSync(".data/e2e.json", "utf8")) as Stage;
      Object.assign(process.env, stage.settings, { DATABASE_POOL_MAX: "3" });
      await use(stage);
      await closeDatabase();
    },
    { scope: "worker" },
  ],
  workspace: async ({ stage }, use) => use(await newWorkspace(stage)),
  postmark: async ({ stage }, use) => use(await postmarkServer(stage)),
  connection: async ({ workspace, postmark }, use) => {
    const connection = await makeConnection(workspace, postmark);
    await postmark.reportTo(connection.webhook_url, connection.webhook_secret);
    await use(connection);
  },
  publish: async ({ workspace, connection }, use) =>
    use((name, event, over) => makeAutomation(workspace, connection, { name, event, ...over })),
});

export const newPerson = (): Person => ({ email: `${unique("ada")}@example.com`, password: "correct horse battery" });

export const unique = (word: string): string => `${word}-${randomUUID().slice(0, 8)}`;

export async function newWorkspace({ appUrl }: Stage): Promise<Workspace> {
  const owner = newPerson();
  const name = unique("Acme");
  const made = await createWorkspace({ name, owner_email: owner.email, owner_password: owner.password });
  const { workspace_id: id, slug, secret_key: secretKey } = made;
  return { id, slug, name, owner, secretKey, api: apiWith(appUrl, secretKey) };
}

/** Somebody with an account and no workspace. */
export async function newUser(): Promise<Person> {
  const person = newPerson();
  await createUser(person);
  return person;
}

/** Somebody who joined a workspace with a role. */
export async function newMember({ slug, owner }: Workspace, role: Role): Promise<Person> {
  const { verifyPassword } = await import("../lib/workspaces");
  const user = await verifyPassword({ ...owner, origin: null });
  const actor = user && (await actorOfUser(user.id, slug));
  if (!actor) throw new Error(`Nobody owns ${slug}.`);
  const { url } = await invite(actor, { role, email: null });
  const person = newPerson();
  await signUp({ ...person, name: null, invitation_token: url.split("/").at(-1) ?? "" });
  return person;
}

/** Signs a browser in without its form, which people-and-keys.spec.ts tries. */
export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  const { csrfToken } = (await (await page.request.get("/api/auth/csrf")).json()) as { csrfToken: string };
  const form = { csrfToken, email, password, json: "true", callbackUrl: "/" };
  const answer = await page.request.post("/api/auth/callback/credentials", { form });
  if (!answer.ok()) throw new Error(`${email} was not signed in: ${await answer.text()}`);
}
