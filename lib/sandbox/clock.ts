import "server-only";
import type { Clock } from "./state";

type Job = { dueMs: number; order: number; run: () => void | Promise<void> };

// So that a thousand jobs due at once leave room for requests in between.
const jobsPerTurn = 200;

/** A clock that runs with real time plus what it was advanced. `report` hears of jobs that throw. */
export function createClock(report: (cause: unknown) => void): Clock {
  return new WorldClock(report);
}

class WorldClock implements Clock {
  private readonly planned: Job[] = [];
  private readonly flying = new Set<Promise<void>>();
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private offsetMs = 0;
  private order = 0;
  /** Set while the clock is being advanced: time then moves from job to job. */
  private frozenMs: number | undefined;
  private stopped = false;

  constructor(private readonly report: (cause: unknown) => void) {}

  nowMs(): number {
    return this.frozenMs ?? Date.now() + this.offsetMs;
  }

  after(delayMs: number, run: Job["run"]): void {
    if (this.stopped) return;
    const job = { dueMs: this.nowMs() + delayMs, order: this.order++, run };
    push(this.planned, job);
    if (this.planned[0] === job) this.arm();
  }

  track(work: Promise<void>): void {
    const followed = work.catch(this.report).finally(() => {
      this.flying.delete(followed);
      this.rest();
    });
    this.flying.add(followed);
  }

  async advance(byMs: number): Promise<void> {
    const targetMs = this.nowMs() + byMs;
    this.frozenMs = this.nowMs();
    clearTimeout(this.timer);
    await this.settled();
    for (let next = this.planned[0]; next && next.dueMs <= targetMs && !this.stopped; next = this.planned[0]) {
      this.frozenMs = Math.max(this.frozenMs, next.dueMs);
      pop(this.planned);
      this.start(next);
      await this.settled();
    }
    this.frozenMs = undefined;
    this.offsetMs = targetMs - Date.now();
    this.arm();
    this.rest();
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.rest();
    });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.planned.length = 0;
    this.rest();
  }

  private start(job: Job): void {
    try {
      const work = job.run();
      if (work) this.track(work);
    } catch (cause) {
      this.report(cause);
    }
  }

  private arm(): void {
    clearTimeout(this.timer);
    const next = this.planned[0];
    if (this.stopped || this.frozenMs !== undefined || !next) return;
    this.timer = setTimeout(() => this.turn(), Math.max(0, next.dueMs - this.nowMs()));
  }

  private turn(): void {
    for (let i = 0; i < jobsPerTurn && !this.stopped; i++) {
      const next = this.planned[0];
      if (!next || next.dueMs > this.nowMs()) break;
      pop(this.planned);
      this.start(next);
    }
    this.arm();
    this.rest();
  }

  private rest(): void {
    if (this.planned.length > 0 || this.flying.size > 0) return;
    for (const resolve of this.waiting) resolve();
    this.waiting = [];
  }

  private async settled(): Promise<void> {
    while (this.flying.size > 0) await Promise.all(this.flying);
  }
}

const before = (a: Job, b: Job) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** A binary heap: a sorted array would copy itself for each of a hundred thousand messages. */
function push(heap: Job[], job: Job): void {
  let at = heap.push(job) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up];
    if (!parent || before(parent, job)) break;
    heap[at] = parent;
    heap[up] = job;
    at = up;
  }
}

function pop(heap: Job[]): Job | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const child = right && left && before(right, left) ? right : left;
    if (!child || before(last, child)) break;
    heap[at] = child;
    at = child === right ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = last;
  return top;
}
