import type { Shared } from "../connections/schema";
import type { LaneHold, LaneNews } from "./schema";

/**
 * What a refusal holds that is not about one message, and what ends it. Nothing of it is burnt: the sends wait, due. (Which of a
 * provider's codes mean what: lib/connections, each provider's own table.)
 *
 * | about       | for example                                      | holds                       | until                                                   |
 * |-------------|--------------------------------------------------|-----------------------------|---------------------------------------------------------|
 * | credentials | token revoked, or of another kind                | the connection (`failing`)  | a person validates it or enters another token           |
 * | account     | no credits, approval pending, refused IP address | the lane; others find out   | a try with one email every ten minutes passes, or       |
 * |             |                                                  | for themselves              | somebody validates or changes the connection            |
 * | stream      | archived, unknown on this server, inbound        | the lane: other streams go  | the same                                                |
 * | message     | bad address, sender not verified                 | nothing                     | that email has failed                                   |
 *
 * Account and stream are tried again by themselves, because nothing but a message tells that they are mended: no token shows credits or
 * approval. A token that was refused stays refused. With an account that awaits approval, mail to its own domain passes.
 * A test message holds nothing but the connection whose token is refused: it may go where automations do not write.
 */
export const refusals = {
  credentials: "connection_failing",
  account: "account_refused",
  stream: "stream_refused",
} as const satisfies Record<Shared, LaneHold | "connection_failing">;

/** What the lane is told of a refusal of something that its emails share. */
export function newsOfRefusal(about: Shared, sentence: string): LaneNews {
  const reason = refusals[about];
  return reason === "connection_failing" ? { kind: "failing", sentence } : { kind: "held", reason, sentence };
}
