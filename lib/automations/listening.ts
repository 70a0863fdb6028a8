import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { selectListenedEvents, selectRunningVersions } from "./store-listening";

/** A version never changes, so what it listens to is read once. */
const known = new Map<string, readonly string[]>();
const knownMax = 20_000;

/**
 * Which versions listen to an event, by its name: in `exit_when` or in a `wait_for`. Of all automations that are live or paused, also
 * versions that nobody enters any more: people may still be in them, and of one that nobody is in, nobody is told.
 */
export async function listenedEvents(db: Db, tenant: Tenant): Promise<Map<string, string[]>> {
  const versionIds = await selectRunningVersions(db, tenant);
  const unknown = versionIds.filter((id) => !known.has(id));
  const read = unknown.length > 0 ? await selectListenedEvents(db, tenant, unknown) : new Map<string, string[]>();
  const listened = new Map<string, string[]>();
  for (const id of versionIds)
    for (const event of known.get(id) ?? read.get(id) ?? []) {
      const versions = listened.get(event) ?? [];
      versions.push(id);
      listened.set(event, versions);
    }
  if (known.size + read.size > knownMax) known.clear();
  for (const [id, events] of read) known.set(id, events);
  return listened;
}
