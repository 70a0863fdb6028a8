import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, transaction } from "../db";
import { findProfile, profileIdsOf } from "../profiles";
import { normalEmail } from "../suppressions/schema";
import { wake } from "../wake";
import { resumeSending as clearStop, stopSending as setStop, workspaceById } from "../workspaces";
import { isId, readSend } from "./read-send";
import type {
  ListSendsInput,
  ResumeSendingInput,
  SendInput,
  SendingState,
  SendPage,
  SendWithEvents,
  StopSendingInput,
} from "./schema";
import {
  type SendFilter,
  selectIdsMatching,
  selectIdsNamed,
  selectSends,
  skipOverdueSteps,
  skipQueued,
  toSend,
} from "./store";

export { catchUpNews } from "./catch-up";
export { profileEnrollments, profileIdentity, profileTimeline } from "./history";
export { applyPendingNews, sweepPendingNews } from "./news";
export { newsFeedOf, syncNews } from "./news-feed";
export { receiveWebhook } from "./receive";
export { resolveSend, resolveSends, waitingSends } from "./resolve";
export { holdQueued, releaseParked, skipQueued } from "./store";
export { readSubscription, resubscribe, type Subscription, unsubscribe } from "./unsubscribe";
export { unsubscribeUrl } from "./unsubscribe-link";

/** The send log, newest first. */
export async function listSends(actor: Actor, input: ListSendsInput): Promise<SendPage> {
  const tenant = allow(actor, "sends:read");
  const filter = await filterOf(tenant, input);
  if (filter === null) return { data: [], next_cursor: null };
  const { rows, cursor } = await selectSends(db, tenant, filter, { before: input.cursor, limit: input.limit });
  return { data: rows.map((row) => toSend(tenant, row)), next_cursor: cursor };
}

/** One send with its history. @throws AppError `not_found` */
export async function getSend(actor: Actor, { id }: SendInput): Promise<SendWithEvents> {
  return readSend(allow(actor, "sends:read"), id);
}

/**
 * Nothing of the workspace begins to leave from now on. With `queued: "skip"` what waits is dropped, and what is on its way should it
 * come back. Again is harmless.
 */
export async function stopSending(actor: Actor, input: StopSendingInput): Promise<SendingState> {
  const tenant = allow(actor, "sends:write");
  const state = await transaction(async (tx) => {
    const workspace = await setStop(actor);
    const skipped =
      input.queued === "skip"
        ? await skipQueued(tx, tenant, { automationId: null, since: null, reason: "sending_stopped" })
        : 0;
    return { sending_stopped_at: workspace.sending_stopped_at, skipped };
  }, longTransaction);
  if (state.skipped > 0) wake();
  return state;
}

/**
 * Lets mail leave again. With `overdue: "skip"` what was to leave meanwhile is dropped, also what runs were only about to queue, but not
 * what was queued before and waits for another reason.
 */
export async function resumeSending(actor: Actor, input: ResumeSendingInput): Promise<SendingState> {
  const tenant = allow(actor, "sends:write");
  const state = await transaction(async (tx) => {
    const { sending_stopped_at: stoppedAt } = await workspaceById(tx, tenant);
    const workspace = await clearStop(actor);
    if (input.overdue === "send" || stoppedAt === null)
      return { sending_stopped_at: workspace.sending_stopped_at, skipped: 0 };
    const since = new Date(stoppedAt);
    const skipped = await skipQueued(tx, tenant, { automationId: null, since, reason: "overdue" });
    await skipOverdueSteps(tx, tenant, { automationId: null });
    return { sending_stopped_at: workspace.sending_stopped_at, skipped };
  }, longTransaction);
  wake();
  return state;
}

/** A backlog is dropped in one go, so that nothing of it leaves in between. */
const longTransaction = { timeoutMs: 60_000 };

/** What a caller asks for as what the log can be asked. Null: nothing can match. */
async function filterOf(tenant: Tenant, input: ListSendsInput): Promise<SendFilter | null> {
  const { automation_id: automationId, connection_id: connectionId, profile_id: profileId, q: text } = input;
  if ([automationId, connectionId].some((id) => id && !isId(id))) return null;
  const filter: SendFilter = {
    status: input.status,
    email: normalEmail(input.email ?? "") || undefined,
    automationId,
    messageId: input.message_id || undefined,
    connectionId,
    reason: input.reason || undefined,
    held: input.held && input.held === "true",
  };
  if (profileId) {
    const person = await findProfile(db, tenant, profileId);
    if (person === null) return null;
    filter.profileIds = await profileIdsOf(db, tenant, person.id);
  }
  return text ? withText(tenant, filter, text) : filter;
}

/** An id finds its send; other text the recipients that begin with it and recent subjects that contain it. */
async function withText(tenant: Tenant, filter: SendFilter, text: string): Promise<SendFilter> {
  const named = await selectIdsNamed(db, tenant, { uuid: isId(text) ? text : null, text });
  if (named.length > 0 || isId(text)) return { ...filter, ids: named };
  const matching = await selectIdsMatching(db, tenant, text);
  return matching === null ? { ...filter, text } : { ...filter, ids: matching };
}
