import "server-only";
import { hostname } from "node:os";
import { sleep } from "../clock";
import { db } from "../db";
import { newId } from "../ids";
import { log } from "../log";
import { onWake } from "../wake";
import { chores } from "./chores";
import { type Means, ordinaryMeans } from "./means";
import type { DispatchReport } from "./schema";
import { Shift } from "./shift";
import { beat, ensurePartitions, nextDueMs, stopBeating } from "./store";
import { listen } from "./store-listen";

export type Dispatcher = {
  /** Begins nothing new, finishes what is claimed for at most `withinMs`, and ends. */
  stop(options?: { withinMs?: number }): Promise<void>;
  readonly done: Readonly<Omit<DispatchReport, "remaining">>;
};

const beatEveryMs = 10_000;
const choreMsMax = 60_000;
const partitionsEveryMs = 24 * 3_600_000;
/** How long it sleeps at most while it hears other processes' wake-ups, and while it does not. */
const idleMsMax = { listening: 5_000, deaf: 1_000 };
/** How soon it looks again at what is due and yet not to be had. */
const stuckMsMin = 20;
const stuckMsMax = 1_000;
const troubleMs = 1_000;

/** Works as long as the process does: at once when woken, when the next thing falls due, and now and then in any case. */
export function startDispatcher({
  kind = "server",
  ...given
}: { kind?: "server" | "worker" } & Partial<Means> = {}): Dispatcher {
  const ending = new AbortController();
  const bell = new Bell();
  const means = { ...ordinaryMeans, ...given };
  const shift = new Shift(means, () => ending.signal.aborted, bell.ring);
  const listener = listen();
  const stopHearing = onWake(bell.ring);
  const process_ = `${hostname()} ${process.pid} ${newId().slice(-6)}`;
  const { signal } = ending;
  const turn = { budgetMs: choreMsMax, isOver: () => signal.aborted, signal, open: means.open };
  const beside = [
    repeat("heartbeat", beatEveryMs, signal, () => beat(db, { process: process_, kind })),
    repeat("making of partitions", partitionsEveryMs, signal, () => ensurePartitions(db)),
    ...chores().map(({ what, everyMs, act }) => repeat(what, everyMs, signal, () => act(turn))),
  ];
  const working = work(shift, bell, signal, () => (listener.listening ? idleMsMax.listening : idleMsMax.deaf));

  return {
    done: shift.done,
    async stop({ withinMs = 60_000 } = {}) {
      ending.abort();
      bell.ring();
      stopHearing();
      const finished = new AbortController();
      const all = working.then(() => shift.allDone()).then(() => finished.abort());
      await Promise.race([all, sleep(withinMs, finished.signal)]);
      if (shift.working > 0) log.warn("calls were still under way at the end", { calls: shift.working });
      await Promise.all([...beside, listener.stop()]);
      await stopBeating(db, process_).catch((thrown) => log.info("heartbeat not cleared", { error: String(thrown) }));
    },
  };
}

async function work(shift: Shift, bell: Bell, signal: AbortSignal, idleMax: () => number): Promise<void> {
  let stuckRounds = 0;
  while (!signal.aborted) {
    try {
      if (await shift.round()) continue;
      const stuck = await idle(bell, { idleMax, stuckRounds, signal });
      stuckRounds = stuck ? Math.min(stuckRounds + 1, 10) : 0;
    } catch (thrown) {
      // The database is away, most likely.
      log.error("the dispatcher could not look for work", thrown);
      await sleep(troubleMs, signal);
    }
  }
}

/** Sleeps until somebody rings or something falls due. One cheap query for each time that it turns over. */
async function idle(
  bell: Bell,
  { idleMax, stuckRounds, signal }: { idleMax: () => number; stuckRounds: number; signal: AbortSignal },
): Promise<boolean> {
  while (!signal.aborted && !bell.rung) {
    const dueMs = await nextDueMs(db);
    // Due, and yet the round found nothing: it rests, or somebody else has it. Looked at less and less often then.
    const stuck = dueMs === 0;
    const waitMs = stuck
      ? Math.min(stuckMsMin * 2 ** stuckRounds, stuckMsMax)
      : Math.min((dueMs ?? idleMax()) + 1, idleMax());
    await bell.wait(waitMs);
    if (stuck) return !bell.silence();
    if (dueMs !== null && dueMs < waitMs) break;
  }
  bell.silence();
  return false;
}

/** Remembers that it was rung, so that a ring while nobody waits is not lost. */
class Bell {
  rung = false;
  private answer: (() => void) | undefined;

  readonly ring = (): void => {
    this.rung = true;
    this.answer?.();
  };

  /** @returns whether it had been rung */
  silence(): boolean {
    const { rung } = this;
    this.rung = false;
    return rung;
  }

  wait(ms: number): Promise<void> {
    if (this.rung) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.answer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Does something now and every so often, until the signal; what throws is told and done again the next time. */
async function repeat(what: string, everyMs: number, signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await act().catch((thrown) => log.error(`the ${what} failed`, thrown));
    await sleep(everyMs, signal);
  }
}
