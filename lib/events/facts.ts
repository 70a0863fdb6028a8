import "server-only";
import type { Tenant } from "../actor";
import { listenedEvents, liveTriggers } from "../automations";
import { db } from "../db";
import { workspaceVersion } from "./store";

/** A live automation that events may start, with its ids. */
export type Start = Awaited<ReturnType<typeof liveTriggers>>[number];

/** What intake has to know of a workspace beside the events themselves. Trusted only while `version` is the workspace's own. */
export type Facts = {
  version: number;
  triggers: readonly Start[];
  /** Versions that listen to an event, by its name. */
  listened: ReadonlyMap<string, readonly string[]>;
};

const workspacesMax = 5_000;
const cached = new Map<string, Promise<Facts | null>>();

/** Cached; null when there is no such workspace. Whoever finds the version outdated calls `forgetFacts`. */
export function factsOf(tenant: Tenant): Promise<Facts | null> {
  const { workspaceId } = tenant;
  const found = cached.get(workspaceId);
  if (found) return found;
  if (cached.size >= workspacesMax) cached.clear();
  const loading = load(tenant);
  cached.set(workspaceId, loading);
  const drop = () => cached.get(workspaceId) === loading && cached.delete(workspaceId);
  loading.then((facts) => facts ?? drop(), drop);
  return loading;
}

/** Drops what is cached, unless someone has loaded it again since. */
export async function forgetFacts({ workspaceId }: Tenant, seen: Facts | null): Promise<void> {
  const found = cached.get(workspaceId);
  if (found !== undefined && (await found) === seen && cached.get(workspaceId) === found) cached.delete(workspaceId);
}

/** The version is read first: what changes after that makes the write fail, and is loaded again. */
async function load(tenant: Tenant): Promise<Facts | null> {
  const version = await workspaceVersion(db, tenant);
  if (version === null) return null;
  const [triggers, listened] = await Promise.all([liveTriggers(db, tenant), listenedEvents(db, tenant)]);
  return { version, triggers, listened };
}
