import "server-only";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { type Bounce, type Message, type Suppression, touch, type WorldState } from "./state";

const writeAfterMs = 500;
// A long outbox takes long to write: then less often, so that writing costs a twentieth of the time at most.
const restFactor = 20;
// The newest of each world; a demo needs no more.
const messagesKept = 5000;
const version = 1;

/** A world in its written form: what a restart must not lose. Requests, faults and webhook deliveries in flight are not kept. */
export type SavedWorld = Pick<
  WorldState,
  "name" | "server" | "accountId" | "serverTokens" | "accountToken" | "settings" | "streams" | "webhooks" | "counters"
> & {
  chance: number[];
  messages: Message[];
  bounces: (Omit<Bounce, "id"> & { id: string })[];
  suppressions: [string, Suppression[]][];
  siblings: string[];
};

// The file is our own, written by `save`: its envelope is checked, its inside is trusted.
const envelope = z.object({ version: z.literal(version), worlds: z.array(z.custom<SavedWorld>(isWorld)) });

export type Snapshots = {
  load(): SavedWorld[];
  /** Plans a write; many changes make one. */
  changed(): void;
  /** Writes at once. */
  flush(): void;
};

/** Keeps worlds in one JSON file, replaced atomically. It holds tokens, so only its owner may read it. */
export function snapshotFile(file: string, worlds: () => WorldState[]): Snapshots {
  let timer: NodeJS.Timeout | undefined;
  let lastWriteMs = 0;
  const flush = () => {
    const startedMs = Date.now();
    clearTimeout(timer);
    timer = undefined;
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify({ version, worlds: worlds().map(save) }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    lastWriteMs = Date.now() - startedMs;
  };
  return {
    load: () => (existsSync(file) ? envelope.parse(JSON.parse(readFileSync(file, "utf8"))).worlds : []),
    changed() {
      timer ??= setTimeout(flush, Math.max(writeAfterMs, lastWriteMs * restFactor));
    },
    flush,
  };
}

/** Fills a fresh world with what was saved; message plans and siblings are the caller's. */
export function restore(world: WorldState, saved: SavedWorld): void {
  world.server = saved.server;
  world.accountId = saved.accountId;
  // Tokens given at start stay first: they are what the caller was told.
  world.serverTokens = [...new Set([...world.serverTokens, ...saved.serverTokens])];
  Object.assign(world.settings, saved.settings);
  world.streams = saved.streams;
  world.webhooks = saved.webhooks;
  world.counters = saved.counters;
  world.bounces = saved.bounces.map((b) => ({ ...b, id: BigInt(b.id) }));
  world.suppressions = new Map(
    saved.suppressions.map(([stream, list]) => [stream, new Map(list.map((s) => [s.email, s]))]),
  );
  touch(world);
}

function save(world: WorldState): SavedWorld {
  const { name, server, accountId, serverTokens, accountToken, settings, streams, webhooks, counters } = world;
  return {
    ...{ name, server, accountId, serverTokens, accountToken, settings, streams, webhooks, counters },
    chance: world.chance.state(),
    // Rules are not kept, so nothing may wait for one.
    messages: [...world.messages.values()]
      .slice(-messagesKept)
      .map((m) => (m.heldBy?.startsWith("fault-") ? { ...m, heldBy: null } : m)),
    bounces: world.bounces.map((b) => ({ ...b, id: String(b.id) })),
    suppressions: [...world.suppressions].map(([stream, list]) => [stream, [...list.values()]]),
    siblings: world.siblings.map((s) => s.name),
  };
}

function isWorld(value: unknown): boolean {
  return typeof value === "object" && value !== null && "name" in value && "messages" in value && "streams" in value;
}
