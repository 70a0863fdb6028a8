import "server-only";
import cluster from "node:cluster";
import { closeDatabase } from "../db";
import { log } from "../log";
import { startProblem } from "./checks";

/** How long a process may take to end what it has begun. */
const drainMsMax = 15_000;

/** Ends the process with a sentence when something is wrong that only the operator can put right. */
export async function refuseUnlessReady(): Promise<void> {
  const problem = await startProblem();
  if (problem !== null) refuseToStart(problem);
}

export function refuseToStart(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * On SIGTERM or SIGINT: `drain` ends what was begun, then the process exits with 0, after 15 seconds at the latest. A second SIGINT
 * does not wait.
 */
export function drainOnSignal(drain: () => Promise<void>): void {
  let interrupts = 0;
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (signal === "SIGINT") interrupts += 1;
    if (interrupts > 1) process.exit(130);
    if (stopping) return;
    stopping = true;
    log.info("stopping", { signal });
    setTimeout(() => {
      log.warn("stopped before everything was done", { afterMs: drainMsMax });
      process.exit(0);
    }, drainMsMax - 500).unref();
    drain()
      .then(closeDatabase)
      .catch((thrown) => log.error("stopping went wrong", thrown))
      .finally(() => {
        log.info("stopped");
        process.exit(0);
      });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // A rejection that nobody waits for is a defect, but no reason to drop everyone's requests.
  process.on("unhandledRejection", (thrown) => log.error("unhandled rejection", thrown));
}

const restartsMax = 10;
const restartWindowMs = 60_000;

/** Runs this program `count` times behind one port. One that dies is started again, unless they keep dying. */
export function runCluster(count: number): void {
  let stopping = false;
  const diedAtMs: number[] = [];
  for (let number = 0; number < count; number++) cluster.fork();
  cluster.on("exit", (worker, code, signal) => {
    if (stopping) return;
    log.warn("a server process ended", { pid: worker.process.pid, code, signal });
    const now = performance.now();
    diedAtMs.push(now);
    if (diedAtMs.filter((at) => now - at < restartWindowMs).length > restartsMax) {
      log.warn("server processes keep ending: giving up");
      process.exit(1);
    }
    cluster.fork();
  });
  drainOnSignal(async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map((worker) => {
        const gone = new Promise((resolve) => worker.once("exit", resolve));
        worker.process.kill("SIGTERM");
        return gone;
      }),
    );
  });
}
