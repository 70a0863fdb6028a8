import "server-only";
import { EventEmitter } from "node:events";
import { db, outsideTransaction } from "./db";
import { log } from "./log";

/** Hints that work has become due. A lost hint costs a second at most: the dispatcher also looks by itself. */
const channel = "gflux_wake";
const notifyEveryMs = 50;

type Bell = { emitter: EventEmitter; timer: NodeJS.Timeout | undefined };
// One bell in a process, however many bundles of this file it loads.
const shared = globalThis as { gfluxBell?: Bell };
const bell = (): Bell => {
  shared.gfluxBell ??= { emitter: new EventEmitter().setMaxListeners(50), timer: undefined };
  return shared.gfluxBell;
};

/** Wakes the dispatcher of this process at once and those of other processes soon. Call it after the commit. */
export function wake(): void {
  const here = bell();
  here.emitter.emit("wake");
  here.timer ??= setTimeout(() => {
    here.timer = undefined;
    outsideTransaction(() => db.sql(`select pg_notify('${channel}', '')`)).catch((thrown) =>
      log.warn("wake-up not passed on", { error: String(thrown) }),
    );
  }, notifyEveryMs).unref();
}

/** Calls `listener` on every wake-up of this process. @returns a function that ends it */
export function onWake(listener: () => void): () => void {
  bell().emitter.on("wake", listener);
  return () => void bell().emitter.off("wake", listener);
}

/** Rings for a wake-up that another process passed on. */
export const ring = (): void => void bell().emitter.emit("wake");

export const wakeChannel = channel;
