import "server-only";
import type { Gate } from "../postmark";
import type { Session } from "./session";
import type { Trouble } from "./trouble";

/** Sessions of one connection at a time: mail servers count them. */
export const sessionsMax = 5;
const carriedMax = 100;
const idleMs = 5_000;

export type Taken = { session: Session; reused: boolean };

/** Keeps sessions open between messages, for a few seconds. `gate` limits how many are at work; those that rest are of that number. */
export class Pool {
  private readonly resting = new Map<Session, NodeJS.Timeout>();

  constructor(
    private readonly gate: Gate,
    private readonly open: (withinMs: number) => Promise<Session | Trouble>,
  ) {}

  /** A place at work, by `untilMs` (of performance.now) at most; `leave` must follow. */
  enter = (untilMs: number): Promise<boolean> => this.gate.enter(Math.max(untilMs - performance.now(), 0));
  leave = (): void => this.gate.leave();

  /** A session that rested, or a new one. `fresh`: a new one in any case. */
  async take(withinMs: number, { fresh = false } = {}): Promise<Taken | Trouble> {
    const rested = fresh ? undefined : this.wake();
    if (rested) return { session: rested, reused: true };
    const opened = await this.open(withinMs);
    return "kind" in opened ? opened : { session: opened, reused: false };
  }

  /** What can be used again rests; the others end. */
  give(session: Session): void {
    if (!session.usable() || session.carried >= carriedMax || this.resting.size >= sessionsMax) {
      session.close();
      return;
    }
    const timer = setTimeout(() => {
      this.resting.delete(session);
      session.close();
    }, idleMs);
    timer.unref();
    this.resting.set(session, timer);
  }

  private wake(): Session | undefined {
    for (const [session, timer] of this.resting) {
      clearTimeout(timer);
      this.resting.delete(session);
      if (session.usable()) return session;
      session.close();
    }
    return undefined;
  }
}

/** Lets messages begin at a steady pace. */
export class Pace {
  private nextAtMs = 0;

  constructor(private readonly perSecondMax: number) {}

  /** Waits for this message's turn. @returns false when that would come after `untilMs` (of performance.now): it did not take it then */
  async turn(untilMs: number): Promise<boolean> {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, this.nextAtMs);
    if (atMs > untilMs) return false;
    this.nextAtMs = atMs + 1_000 / this.perSecondMax;
    if (atMs > nowMs) await new Promise((resolve) => setTimeout(resolve, atMs - nowMs));
    return true;
  }
}
