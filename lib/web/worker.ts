import "server-only";
import { startDispatcher } from "../dispatch";
import { log } from "../log";
import { keepHouse } from "./housekeeping";
import { drainOnSignal, refuseUnlessReady } from "./process";

/** A process with the dispatcher alone: any number of them may run beside any number of servers. */
export async function main(): Promise<void> {
  await refuseUnlessReady();
  const endHousekeeping = keepHouse();
  const dispatcher = startDispatcher({ kind: "worker" });
  // Its timers do not keep a process alive by themselves.
  const stay = setInterval(() => undefined, 3_600_000);
  log.info("dispatching", { pid: process.pid });
  drainOnSignal(async () => {
    clearInterval(stay);
    endHousekeeping();
    await dispatcher.stop({ withinMs: 12_000 });
  });
}
