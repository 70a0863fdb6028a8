import "server-only";
import { type Actor, allow } from "../actor";
import { retryTransient, transaction } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { wake } from "../wake";
import { audit } from "../workspaces";
import type { AliasAnswer, AliasInput } from "./schema";
import { aliasProfile } from "./store-identity";

/**
 * Says that other identifiers are this person: whoever has them is folded in, and the person named survives. The only way in which two
 * people who both have an external id become one.
 * @throws AppError `alias_conflict` where an identifier belongs to somebody else: to a profile with another external id
 */
export async function alias(actor: Actor, input: AliasInput): Promise<AliasAnswer> {
  const tenant = allow(actor, "profiles:write");
  const { user_id: userId, anonymous_id: anonymousId, previous_id: previousId, request_id } = input;
  const told = await retryTransient(() =>
    transaction(async (tx) => {
      const done = await aliasProfile(tx, tenant, { userId, anonymousId, previousId, freshId: newId() });
      if ("conflict" in done) throw conflict(done.conflict);
      const data = { user_id: userId, anonymous_id: anonymousId, previous_id: previousId, merged: done.merged };
      await audit(tx, tenant, actor, { action: "profile.aliased", subject: done.target, data });
      return done;
    }),
  );
  if (told.woken > 0) wake();
  const ids = {
    ...(anonymousId !== null && { anonymous_id: anonymousId }),
    ...(previousId !== null && { previous_id: previousId }),
  };
  const answer = { alias: { user_id: userId, ...ids, merged_at: new Date().toISOString() } };
  return request_id === null ? answer : { ...answer, request_id };
}

const conflict = (profiles: string[]): AppError =>
  new AppError(
    "alias_conflict",
    "This identifier belongs to somebody else: to a profile with another external_id. Nothing was changed.",
    { profiles },
  );
