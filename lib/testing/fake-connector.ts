import "server-only";
import type {
  CallOutcome,
  CheckOutcome,
  Connector,
  FindOutcome,
  FoundMessage,
  OutgoingMessage,
  SendOutcome,
} from "../connections/connector";
import { newId } from "../ids";
import { FakeSuppressionList } from "./fake-suppression-list";

export type FakeCall = { messages: readonly OutgoingMessage[]; stream: string; startWithinMs: number };
export type FakeAccepted = FoundMessage & { batchId: string; stream: string; message: OutgoingMessage };
/** What to do with one call: an outcome, or a function that works it out and may call `accept`. */
export type FakeAnswer = CallOutcome | ((call: FakeCall, fake: FakeConnector) => CallOutcome | Promise<CallOutcome>);

/**
 * A connector that does what a test says and keeps what it "accepted". Without a script every call is accepted; `answerNext`
 * says what becomes of the next calls, one by one, and `always` of all that have no script.
 */
export class FakeConnector implements Connector {
  readonly provider = "fake";
  messagesMax = 500;
  bytesMax = 40_000_000;
  canFind = true;
  readonly history = null;
  blackHole: string | null = "probe@blackhole.example.com";
  unsubscribePlaceholder: string | null = "{{{ pm:unsubscribe }}}";
  readonly suppressionList = new FakeSuppressionList();
  readonly setup = null;
  /** Every call, in order, whatever became of it. */
  readonly calls: FakeCall[] = [];
  /** What the provider took. */
  readonly outbox: FakeAccepted[] = [];
  readonly finds: { batchId: string; stream: string; since: Date }[] = [];
  /** Whether the search shows what was accepted. */
  searchSees = true;
  /** Overrides the search. */
  findAnswer: FindOutcome | undefined;
  always: FakeAnswer | undefined;
  private readonly script: FakeAnswer[] = [];

  answerNext(...answers: FakeAnswer[]): this {
    this.script.push(...answers);
    return this;
  }

  /** Takes messages as the provider would, and says so. */
  accept(messages: readonly OutgoingMessage[], stream: string): SendOutcome[] {
    return messages.map((message) => {
      const messageId = newId();
      this.outbox.push({
        sendId: message.sendId,
        messageId,
        to: message.to,
        batchId: message.batchId,
        stream,
        message,
      });
      return { kind: "accepted", messageId, note: null };
    });
  }

  async send(
    messages: readonly OutgoingMessage[],
    options: { stream: string; startWithinMs: number },
  ): Promise<CallOutcome> {
    const call = { messages, ...options };
    this.calls.push(call);
    const answer = this.script.shift() ?? this.always ?? acceptAll;
    return typeof answer === "function" ? answer(call, this) : answer;
  }

  sendOne(message: OutgoingMessage, options: { stream: string; startWithinMs: number }): Promise<CallOutcome> {
    return this.send([message], options);
  }

  async find(query: { batchId: string; stream: string; since: Date }): Promise<FindOutcome> {
    this.finds.push(query);
    if (this.findAnswer) return this.findAnswer;
    const messages = this.outbox.filter(({ batchId, stream }) => batchId === query.batchId && stream === query.stream);
    return { kind: "found", messages: this.searchSees ? messages : [] };
  }

  async check(): Promise<CheckOutcome> {
    return {
      kind: "ready",
      server: { id: "1", name: "Fake", sandbox: true },
      streams: [
        { id: "broadcast", name: "Broadcast", type: "broadcast", unsubscribeHandling: "provider", archived: false },
      ],
      statsAvailable: true,
    };
  }

  /** How often each send was accepted: the promise is that none is above one. */
  acceptedTimes(): Map<string, number> {
    const times = new Map<string, number>();
    for (const { sendId } of this.outbox) if (sendId) times.set(sendId, (times.get(sendId) ?? 0) + 1);
    return times;
  }
}

export const acceptAll: FakeAnswer = ({ messages, stream }, fake) => ({
  kind: "answered",
  outcomes: fake.accept(messages, stream),
});

/** The provider takes the mail and the answer is lost. */
export const acceptThenReset: FakeAnswer = ({ messages, stream }, fake) => {
  fake.accept(messages, stream);
  return { kind: "unknown", cause: "connection reset" };
};

/** The connection breaks before the provider takes anything, and nobody can tell. */
export const resetBefore: FakeAnswer = { kind: "unknown", cause: "connection reset" };

/** Each message by itself: what is not in the table is accepted. */
export const answerEach =
  (outcomeOf: (message: OutgoingMessage) => SendOutcome | undefined): FakeAnswer =>
  ({ messages, stream }, fake) => ({
    kind: "answered",
    outcomes: messages.flatMap((message) => outcomeOf(message) ?? fake.accept([message], stream)),
  });
