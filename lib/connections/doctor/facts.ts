import type { CheckOutcome } from "../connector";
import type { HookStatistics, ProviderWebhook, ServerSettings, SetupAnswer } from "../provider-setup";
import type { ConnectionRecord } from "../schema";
import type { SmtpPlace } from "../smtp/place";
import { resolveStream } from "../streams";
import type { DomainFacts } from "./domain";
import type { Reach } from "./reach";

/**
 * What a list of suppressions here has to do with the provider's. Comes from the room of suppressions, which stands above this one:
 * whoever asks the doctor hands it in. Null: nobody keeps the two equal.
 */
export type SuppressionListState = {
  here: number;
  /** Null: never read. */
  there: number | null;
  /** Addresses that stand on one side only, and are being put on the other. */
  drift: number;
  /** Of the stream that was read longest ago. */
  syncedAt: Date | null;
  /** Why a list could not be read the last time. */
  error: string | null;
};

/** The newest message that was sent to the provider's black hole, and when each sign of it came. */
export type LoopFacts = {
  startedAt: Date;
  acceptedAt: Date | null;
  foundAt: Date | null;
  toldAt: Date | null;
  /** The provider was asked first, and its webhook came later than `toldAt`. */
  toldLate: boolean;
  /** It was refused: a code of rejections, and the provider's words. */
  refusal: { code: string; problem: string } | null;
};

export type SenderState = { state: "accepted" | "refused" | "unconfirmed"; detail: string | null; seenAt: Date };

/** Everything that the rules may look at, read once. If it is not in here, it cannot influence a row. */
export type DoctorFacts = {
  readAt: Date;
  connection: ConnectionRecord;
  /** Where it leads by SMTP; null: it is native. Then nobody was asked for server, webhooks and statistics. */
  smtp: SmtpPlace | null;
  /** `sealed`: the stored credentials cannot be read here. */
  check: CheckOutcome | { kind: "sealed" };
  server: SetupAnswer<ServerSettings>;
  webhooks: SetupAnswer<ProviderWebhook[]>;
  /** Of webhooks that are ours, by id. */
  statistics: ReadonlyMap<string, HookStatistics>;
  /** That automations or sends name. The connection's own comes on top. */
  streamsNamed: readonly string[];
  hook: HookAddress;
  reach: Reach;
  /** When the newest webhook came; null: none ever did. */
  newestHookAt: Date | null;
  /** What the provider said when it refused the account; null: mail is not held for that. */
  accountRefusal: string | null;
  loop: LoopFacts | null;
  sender: SenderState | null;
  suppressions: SuppressionListState | null;
  /** Null: there is no From address to have a domain. */
  domain: DomainFacts | null;
};

/** Where webhooks of this connection belong, and the secrets that they may carry. Null: the stored one cannot be read here. */
export type HookAddress = { url: string; path: string; secret: string | null; previousSecret: string | null };

/** The streams as the provider has them now, else as they were read last. */
export const streamsOf = ({ check, connection }: Pick<DoctorFacts, "check" | "connection">) =>
  check.kind === "ready" ? check.streams : connection.streams;

/** The stream that mail leaves on when a step names none. */
export const ownStream = (facts: Pick<DoctorFacts, "check" | "connection">): string =>
  resolveStream({ messageStream: facts.connection.messageStream, streams: streamsOf(facts) });

/** Its own stream, and every other that is named and can send. */
export function streamsInUse(facts: DoctorFacts): string[] {
  const own = ownStream(facts);
  const live = streamsOf(facts).filter(({ archived, type }) => !archived && type !== "other");
  const others = live.filter(({ id }) => id !== own && facts.streamsNamed.includes(id));
  return [own, ...others.map(({ id }) => id)];
}
