import "server-only";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Actor, permissions, systemTenant } from "../../actor";
import { db } from "../../db";
import { forgetEnv } from "../../env";
import { AppError } from "../../errors";
import { type Sandbox, startSandbox, type World } from "../../sandbox";
import { makeWorkspace } from "../../testing/factory";
import { onWake } from "../../wake";
import { createConnectionInput } from "../schema";

/** For each test a world of the sandbox that POSTMARK_API_URL points to, and two workspaces with an owner each. */
export function ground(): { world: World; actor: Actor; stranger: Actor } {
  const parts = {} as { world: World; actor: Actor; stranger: Actor }; // filled before each test
  let sandbox: Sandbox;
  let count = 0;
  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 6 });
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    count += 1;
    parts.world = sandbox.world(`world-${count}`);
    pointTo(parts.world.apiUrl);
    parts.actor = await owner();
    parts.stranger = await owner();
  });
  return parts;
}

/** Where the provider is from now on. */
export function pointTo(apiUrl: string): void {
  process.env.POSTMARK_API_URL = apiUrl;
  forgetEnv();
}

/** The owner of a workspace of their own. */
export const owner = async (): Promise<Actor> => ({
  kind: "user",
  id: "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31",
  workspaceId: (await makeWorkspace(db)).id,
  permissions: new Set(permissions),
});

export const tenantOf = ({ workspaceId }: Actor) => systemTenant(workspaceId);

/** A form of a new connection, as the API parses it. */
export const form = (serverToken: string, over: object = {}) =>
  createConnectionInput.parse({ provider: "postmark", display_name: "Production", server_token: serverToken, ...over });

/** The code of what is thrown, or "no error". */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (thrown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
  );

/** Listens for a wake-up. @returns a function that ends it and tells whether there was one */
export function heard(): () => boolean {
  let rung = false;
  const off = onWake(() => {
    rung = true;
  });
  return () => {
    off();
    return rung;
  };
}
