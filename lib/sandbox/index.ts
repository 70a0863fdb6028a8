import "server-only";
import { randomBytes } from "node:crypto";
import { listen } from "./listener";
import type { SandboxOptions } from "./schema";
import type { World } from "./world";
import { createWorlds } from "./worlds";

export type { FaultRule } from "./fault-rule";
export { Impossible } from "./happenings";
export type { SandboxOptions } from "./schema";
export type { World } from "./world";

export type Sandbox = {
  /** Base URL of the default world. */
  url: string;
  port: number;
  controlKey: string;
  /** Tokens of the default world. */
  serverToken: string;
  accountToken: string;
  close(): Promise<void>;
  /** The world of that name, made with tokens of its own if need be; absent: the default world. */
  world(name?: string): World;
};

/**
 * Starts a server that stands in for Postmark in demo and tests: it listens on 127.0.0.1 alone, calls nothing but webhooks
 * on loopback, and never delivers mail. Throws when the port is taken or the snapshot cannot be read.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const keys = {
    controlKey: options.controlKey ?? randomBytes(24).toString("base64url"),
    csrf: randomBytes(24).toString("base64url"),
  };
  const report = (cause: unknown) => console.error("sandbox:", cause);
  const listener = await listen(options.port ?? 0, keys, report);
  const url = `http://127.0.0.1:${listener.port}`;
  try {
    const worlds = createWorlds(url, options, report);
    listener.serve(worlds);
    const { serverToken, accountToken } = worlds.open();
    return {
      url,
      port: listener.port,
      controlKey: keys.controlKey,
      serverToken,
      accountToken,
      world: (name) => worlds.open(name),
      async close() {
        await listener.close();
        worlds.close();
      },
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}
