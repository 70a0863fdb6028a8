import "server-only";
import type { BareCall } from "../connections";
import type { HistoryRefusal } from "../connections/schema";

/** Calls to a provider's history, within a number and a time. Once one is refused no more are made. */
export class Asking {
  /** What was asked, for the figures. */
  readonly calls: BareCall[] = [];
  refusal: HistoryRefusal | null = null;
  /** Something was left unasked. */
  stopped = false;

  constructor(
    private readonly callsMax: number,
    private readonly isOver: () => boolean,
  ) {}

  get made(): number {
    return this.calls.length;
  }

  get left(): number {
    return this.callsMax - this.made;
  }

  /** @returns null when it was not asked, or refused: nothing more is to be asked then */
  async ask<T>(call: () => Promise<T | HistoryRefusal>): Promise<T | null> {
    if (this.refusal !== null || this.left <= 0 || this.isOver()) {
      this.stopped = true;
      return null;
    }
    const beganMs = performance.now();
    const counted: BareCall = { outcome: "cannot_know", code: null, ms: 0 };
    this.calls.push(counted);
    const answer = await call().finally(() => {
      counted.ms = performance.now() - beganMs;
    });
    if (!isRefusal(answer)) {
      counted.outcome = "answered";
      return answer;
    }
    counted.code = answer.code ?? null;
    this.refusal = answer;
    this.stopped = true;
    return null;
  }
}

const isRefusal = (answer: unknown): answer is HistoryRefusal =>
  typeof answer === "object" && answer !== null && "kind" in answer && answer.kind === "cannot_know";
