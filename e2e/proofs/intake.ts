import { setTimeout as wait } from "node:timers/promises";
import type { Chance } from "./scale";

export type ProofEvent = { message_id: string } & Record<string, unknown>;

/** One person of a proof. `externalId` and the message ids tell them apart for ever. */
export type Person = { externalId: string; email: string };
export const personOf = (seed: number, number: number): Person => ({
  externalId: `p-${seed}-${number}`,
  email: `p-${seed}-${number}@example.com`,
});

/** What makes a person known and starts their automation. */
export const eventsOf = ({ externalId, email }: Person, event: string): ProofEvent[] => [
  { event: "$identify", external_id: externalId, traits: { email }, message_id: `${externalId} identify` },
  { event, external_id: externalId, properties: { person: externalId }, message_id: `${externalId} ${event}` },
];

const pauseMs = { min: 30, max: 400 };

type BatchAnswer = { accepted: number; rejected: number; errors?: { index: number; error: string }[] };

/**
 * A customer's backend: posts events, and posts again under the same message id what was not acknowledged. It knows what was, and
 * keeps every answer that no client should ever get.
 */
export class Intake {
  /** Message ids that a 202 has named as accepted, with the moment (Date.now). */
  readonly acknowledged = new Map<string, number>();
  /** How often each status came; `cut` is a connection that ended without an answer, `slow` one that was given up. */
  readonly answers = new Map<string, number>();
  /** Answers that the contract does not know: anything but 2xx, 429 and 503. */
  readonly wrong: string[] = [];
  /** Called once, in the very moment when the next acknowledgement arrives. */
  atNextAnswer: (() => void) | undefined;

  /** Resolves then, or after `withinMs`. */
  nextAnswer(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.atNextAnswer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Requests that wait for their answer. */
  underWay = 0;

  constructor(
    private readonly options: {
      urls: () => readonly string[];
      key: string;
      chance: Chance;
      giveUpAfterMs: number;
      answerWithinMs: number;
    },
  ) {}

  /** Posts them in one request, again and again until they are acknowledged. @throws Error after `giveUpAfterMs` */
  async deliver(events: readonly ProofEvent[]): Promise<void> {
    const limit = performance.now() + this.options.giveUpAfterMs;
    for (let left = events; left.length > 0; ) {
      left = await this.post(left);
      if (left.length === 0) return;
      if (performance.now() > limit) throw new Error(`${left.length} events were not accepted: ${this.summary()}`);
      await wait(this.options.chance.between(pauseMs.min, pauseMs.max));
    }
  }

  /** One request. @returns the events that it did not acknowledge */
  private async post(events: readonly ProofEvent[]): Promise<readonly ProofEvent[]> {
    const single = events.length === 1 && this.options.chance.next() < 0.5;
    const path = single ? "/v1/events" : "/v1/events/batch";
    const url = this.options.chance.pick(this.options.urls()) + path;
    this.underWay += 1;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${this.options.key}`, "content-type": "application/json" },
        body: JSON.stringify(single ? events[0] : { events }),
        signal: AbortSignal.timeout(this.options.answerWithinMs),
      });
      if (answer.status === 202) this.tellOnce();
      const text = await answer.text();
      this.count(String(answer.status));
      if (answer.status === 202) return this.note(events, JSON.parse(text) as BatchAnswer);
      if (answer.status !== 503 && answer.status !== 429) this.wrong.push(`${answer.status} ${text.slice(0, 200)}`);
    } catch (thrown) {
      this.count(thrown instanceof Error && thrown.name === "TimeoutError" ? "slow" : "cut");
    } finally {
      this.underWay -= 1;
    }
    return events;
  }

  private note(events: readonly ProofEvent[], { accepted, rejected, errors = [] }: BatchAnswer): ProofEvent[] {
    const refused = new Set(errors.map(({ index }) => index));
    if (accepted + rejected !== events.length || refused.size !== rejected)
      this.wrong.push(`202 for ${events.length} events says ${accepted} accepted, ${rejected} rejected`);
    for (const { index, error } of errors) this.wrong.push(`event ${index} was refused: ${error}`);
    const atMs = Date.now();
    events.forEach(({ message_id }, index) => {
      if (!refused.has(index)) this.acknowledged.set(message_id, atMs);
    });
    return events.filter((_, index) => refused.has(index));
  }

  private tellOnce(): void {
    const tell = this.atNextAnswer;
    this.atNextAnswer = undefined;
    tell?.();
  }

  summary(): string {
    return [...this.answers].map(([what, times]) => `${what}: ${times}`).join(", ");
  }

  private count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}
