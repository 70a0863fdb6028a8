import type { MessageHistory } from "./message-history";
import type { News } from "./news";
import type { ProviderSetup } from "./provider-setup";
import type { Rejection } from "./rejection";
import type { SuppressionList } from "./suppression-list";

export type * from "./suppression-list";

/** One email, ready to leave. `from` is a formatted mailbox; texts are rendered; header fields have no line breaks. */
export type OutgoingMessage = {
  sendId: string;
  batchId: string;
  to: string;
  from: string;
  replyTo: string | null;
  subject: string;
  html: string | null;
  text: string | null;
  tag: string | null;
  /** More header fields of the message. One line each. */
  headers: readonly { name: string; value: string }[];
};

/** What a person is told, where the connector knows better than the table of the provider's codes. */
type Told = { rejection?: Rejection };

/** What became of one message. Ordinary business, so a value and not an exception. */
export type SendOutcome =
  /** `note`: the provider took it with a remark (delivery may be delayed). */
  | { kind: "accepted"; messageId: string; note: string | null }
  /** The provider has the recipient on its own suppression list for this stream; nothing was sent. */
  | ({ kind: "inactive"; code: number; message: string } & Told)
  /** This message is wrong and will be wrong again; nothing was sent. */
  | ({ kind: "refused"; code: number | null; message: string } & Told)
  /** Not this message but the sender address is not accepted (unverified, unconfirmed): a person must act; nothing was sent. */
  | ({ kind: "sender_refused"; code: number; message: string } & Told)
  /** Nothing is wrong with this message: stream, account or token are refused. It may leave once that is mended; nothing was sent. */
  | ({ kind: "blocked"; about: Shared; code: number; message: string } & Told)
  /** It was put off, or not begun, while others of the call were taken; safe to try again. `late`: not begun in time, no try of its own. */
  | ({ kind: "not_sent"; cause: string; late?: true } & Told)
  | { kind: "unknown"; cause: string };

/** What the messages of a call have in common, and a person may have to mend. */
export type Shared = "credentials" | "account" | "stream";

/**
 * What became of one call. `call_refused`: nothing of it was sent; `about` says what a person must mend, and `message` that the
 * call may pass when it is halved. `not_sent`: it never left or was put off; safe to try again; `late`: because it was
 * not begun in time, which is no fault of the provider's. `unknown`: it may have been taken.
 */
export type CallOutcome =
  | { kind: "answered"; outcomes: SendOutcome[] }
  | ({
      kind: "call_refused";
      about: Shared | "message";
      code: number | null;
      message: string;
    } & Told)
  | ({ kind: "not_sent"; cause: string; rateLimited: boolean; retryAfterMs: number | null; late?: true } & Told)
  | { kind: "unknown"; cause: string };

export type FoundMessage = { sendId: string | null; messageId: string; to: string | null };

/** `found` may be empty: that the provider's search shows nothing is no proof. `cannot_know`: it could not be asked. */
export type FindOutcome =
  | { kind: "found"; messages: FoundMessage[] }
  | { kind: "cannot_know"; cause: string; aboutCredentials: boolean };

export type Stream = {
  id: string;
  name: string;
  /** Lifecycle mail belongs on `broadcast`. `other` cannot send. */
  type: "broadcast" | "transactional" | "other";
  unsubscribeHandling: "provider" | "custom" | "none";
  archived: boolean;
};

export type CheckOutcome =
  | {
      kind: "ready";
      server: { id: string; name: string; sandbox: boolean };
      streams: Stream[];
      statsAvailable: boolean;
      /** What works, said by the connector; else it is said of what was opened. */
      sentence?: string;
    }
  | ({ kind: "bad_credentials"; accountToken: boolean; message: string } & Told)
  | ({ kind: "unreachable"; message: string } & Told)
  | ({ kind: "failed"; code: number | null; message: string } & Told);

/** How mail leaves through one provider account and how news of it comes back. Never throws for what the provider does. */
export interface Connector {
  readonly provider: string;
  /** Per call. */
  readonly messagesMax: number;
  readonly bytesMax: number;
  /** Whether `find` can prove anything. */
  readonly canFind: boolean;
  /** What happened to what was sent, asked for instead of waited for. Null: it cannot be asked. */
  readonly history: MessageHistory | null;
  /** Where a message is accepted and then thrown away: used to prove that the search sees. */
  readonly blackHole: string | null;
  /** The placeholder that the provider turns into its unsubscribe link; null where it has none. */
  readonly unsubscribePlaceholder: string | null;
  /** Whom the provider refuses to write to; null: it keeps no list that can be asked. */
  readonly suppressionList: SuppressionList | null;
  /** What can be set up at the provider with these credentials; null where nothing can (SMTP). */
  readonly setup: ProviderSetup | null;
  /** Sends all, on one stream. Opens no request later than `startWithinMs` from now (else `not_sent`), and gives up after the connector's timeout (then `unknown`). */
  send(messages: readonly OutgoingMessage[], options: { stream: string; startWithinMs: number }): Promise<CallOutcome>;
  /** The same for one message by itself, which may go another way. */
  sendOne(message: OutgoingMessage, options: { stream: string; startWithinMs: number }): Promise<CallOutcome>;
  /** Every message of a batch that the provider's search shows. */
  find(query: { batchId: string; stream: string; since: Date }): Promise<FindOutcome>;
  /** Whether the credentials work, and what they open. Bounded by five seconds. */
  check(): Promise<CheckOutcome>;
}

/**
 * Reads one webhook. `text` is the body as it came (numbers above 2^53 survive only there), `body` the same, parsed. Never throws.
 * @returns null for what is well-formed but nothing that we know how to use
 */
export type ParseWebhook = (webhook: { text: string; body: unknown }, receivedAt: Date) => News | null;
