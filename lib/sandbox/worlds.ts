import "server-only";
import { randomUUID } from "node:crypto";
import { type Chance, seededChance } from "./chance";
import { createClock } from "./clock";
import { Impossible } from "./happenings";
import { createHookEngine, type HookEngine } from "./hooks";
import { fileMessage, plan } from "./lifecycle";
import { defaultSettings, type SandboxOptions, type Settings, type SettingsPatch } from "./schema";
import { restore, type SavedWorld, type Snapshots, snapshotFile } from "./snapshot";
import type { WorldState } from "./state";
import { defaultStreams } from "./streams";
import { type World, worldHandle } from "./world";

const defaultWorld = "default";
const nameShape = /^[a-z0-9][a-z0-9_-]{0,59}$/i;

type Entry = { state: WorldState; hooks: HookEngine; handle: World };

export type Worlds = {
  /** The world of that name, made if need be; absent: the default world. Throws on a name that cannot stand in a URL. */
  open(name?: string): World;
  state(name: string): WorldState | undefined;
  handles(): World[];
  /** Ends a world; the default one stays. */
  remove(name: string): boolean;
  close(): void;
};

/** All worlds of a sandbox. `baseUrl` is where it listens. */
export function createWorlds(baseUrl: string, options: SandboxOptions, report: (cause: unknown) => void): Worlds {
  const entries = new Map<string, Entry>();
  const seed = options.seed === undefined ? randomUUID() : String(options.seed);
  const snapshots: Snapshots | undefined =
    options.snapshotFile === undefined
      ? undefined
      : snapshotFile(options.snapshotFile, () => [...entries.values()].map((e) => e.state));

  const add = (name: string, saved?: { chance: number[]; serverTokens: string[]; accountToken: string }): Entry => {
    const isDefault = name === defaultWorld;
    const chance = seededChance(saved?.chance ?? `${seed}:${name}`);
    const state = freshWorld({
      name,
      seed,
      chance,
      baseUrl: isDefault ? baseUrl : `${baseUrl}/t/${name}`,
      serverToken: (isDefault ? options.serverToken : undefined) ?? saved?.serverTokens[0] ?? chance.guid(),
      accountToken: (isDefault ? options.accountToken : undefined) ?? saved?.accountToken ?? chance.guid(),
      settings: { ...structuredClone(defaultSettings), ...givenSettings(options) },
      changed: () => snapshots?.changed(),
      report,
    });
    const hooks = createHookEngine(state);
    state.notify = hooks.notify;
    const addSibling = (serverName?: string) => {
      const sibling = open(`${name}-${state.siblings.length + 2}`);
      sibling.state.server.name = serverName ?? `Sandbox server ${state.siblings.length + 2}`;
      state.siblings.push(sibling.state);
      return sibling.handle;
    };
    const entry = { state, hooks, handle: worldHandle({ state, hooks, addSibling }) };
    entries.set(name, entry);
    return entry;
  };
  const open = (name = defaultWorld): Entry => {
    const known = entries.get(name.toLowerCase());
    if (known) return known;
    if (!nameShape.test(name)) throw new Impossible(`A world's name has letters, digits, - and _ only: ${name}`);
    const entry = add(name.toLowerCase());
    snapshots?.changed();
    return entry;
  };
  const saved = snapshots?.load() ?? [];
  for (const world of saved) bringBack(add(world.name, world).state, world, options);
  for (const world of saved)
    for (const name of world.siblings) {
      const sibling = entries.get(name);
      if (sibling) entries.get(world.name)?.state.siblings.push(sibling.state);
    }
  open();
  return {
    open: (name) => open(name).handle,
    state: (name) => entries.get(name.toLowerCase())?.state,
    handles: () => [...entries.values()].map((e) => e.handle),
    remove(name) {
      const entry = entries.get(name.toLowerCase());
      if (!entry || entry.state.name === defaultWorld) return false;
      entry.state.clock.stop();
      for (const { state } of entries.values()) state.siblings = state.siblings.filter((s) => s !== entry.state);
      snapshots?.changed();
      return entries.delete(entry.state.name);
    },
    close() {
      for (const { state } of entries.values()) state.clock.stop();
      snapshots?.flush();
    },
  };
}

/** A saved world as it was, but for settings that this start names; what was on its way goes on. */
function bringBack(state: WorldState, saved: SavedWorld, options: SandboxOptions): void {
  restore(state, saved);
  Object.assign(state.settings, givenSettings(options));
  for (const message of saved.messages) {
    fileMessage(state, message);
    if (message.heldBy === null && message.events.length === 0) plan(state, message, state.settings.processAfterMs);
  }
}

/** What the start options say about settings. */
function givenSettings({ deliverAfterMs, indexLagMs, retryScale }: SandboxOptions): SettingsPatch {
  const { processAfterMs, reactAfterMs, detailsLagMs } = defaultSettings;
  return {
    ...(deliverAfterMs !== undefined && {
      deliverAfterMs,
      processAfterMs: Math.min(processAfterMs, Math.floor(deliverAfterMs / 2)),
      reactAfterMs: Math.min(reactAfterMs, deliverAfterMs),
    }),
    ...(indexLagMs !== undefined && { indexLagMs, detailsLagMs: Math.min(detailsLagMs, indexLagMs) }),
    ...(retryScale !== undefined && { retryScale }),
  };
}

function freshWorld(start: {
  name: string;
  seed: string;
  chance: Chance;
  baseUrl: string;
  serverToken: string;
  accountToken: string;
  settings: Settings;
  changed: () => void;
  report: (cause: unknown) => void;
}): WorldState {
  const { report, serverToken, ...given } = start;
  const clock = createClock(report);
  // From the token, so that a demo that lost its snapshot is still the same server.
  const serverId = 1_000_000 + Math.floor(seededChance(`server:${serverToken}`).next() * 9_000_000);
  return {
    ...given,
    serverTokens: [serverToken],
    server: {
      id: serverId,
      name: start.name === defaultWorld ? "Sandbox server" : `Sandbox server ${start.name}`,
      color: "blue",
      deliveryType: "Live",
      trackOpens: false,
      trackLinks: "None",
      includeBounceContentInHook: false,
      enableSmtpApiErrorHooks: true,
      postFirstOpenOnly: false,
    },
    accountId: serverId + 1_000_000,
    streams: defaultStreams(clock.nowMs()),
    messages: new Map(),
    byMetadata: new Map(),
    bounces: [],
    suppressions: new Map(),
    webhooks: [],
    hooks: [],
    requests: [],
    faults: [],
    counters: { bounce: 0, webhook: 0, fault: 0 },
    siblings: [],
    clock,
    version: 0,
    notify: () => undefined,
  };
}
