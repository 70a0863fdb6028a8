import "server-only";
import { type Actor, allow, type Tenant } from "../../actor";
import { db } from "../../db";
import { AppError } from "../../errors";
import { audit } from "../../workspaces";
import type { ProviderSetup } from "../provider-setup";
import type { ChangeConnectionInput } from "../schema";
import type { StoredConnection } from "../store";
import { done } from "./answers";
import { checkup, foundConnection } from "./checkup";
import { examine } from "./examine";
import { type DoctorFacts, ownStream } from "./facts";
import { mendWebhook, removeDuplicates } from "./fix-webhooks";
import { connectorOf, type ListState, readFacts } from "./read";
import { type DoctorFixed, type DoctorFixInput, type DoctorReport, fixRows } from "./row";
import { beginLoop, noteLoop } from "./store";
import { broadcastChoice } from "./stream-rows";

/** What a doctor has done by others: the connection's own use cases, and rooms that stand above this one. */
export type DoctorHands = {
  listState: ListState;
  validate: (actor: Actor, input: { id: string }) => Promise<unknown>;
  change: (actor: Actor, input: ChangeConnectionInput) => Promise<unknown>;
  /** An ordinary test message. */
  sendTest: (actor: Actor, input: { id: string; to: string }) => Promise<{ send_id: string }>;
};

/**
 * Does what a row offers, if a row still offers it: facts are read first, so a second time changes nothing. Then all is read again.
 * @throws AppError `not_found`; `provider_rejected` with what the provider said and what to do
 */
export async function fixConnection(
  actor: Actor,
  { id, fix }: DoctorFixInput,
  hands: DoctorHands,
): Promise<DoctorFixed> {
  const tenant = allow(actor, "connections:write");
  const stored = await foundConnection(tenant, id);
  const facts = await readFacts(tenant, stored, hands);
  const offered = offerOf(examine(facts), fix);
  const applied = offered !== undefined && (await apply({ actor, tenant, stored, facts, hands }, fix));
  if (applied) {
    const subject = stored.record.displayName;
    await audit(db, tenant, actor, { action: "connection.fixed", subject, data: { id: stored.record.id, fix } });
  }
  const after = await checkup(tenant, await foundConnection(tenant, id), hands);
  const rowIds = [rowIdOf(fix), ...(fix === "revalidate" ? ["login"] : [])]; // by SMTP it is the login that is validated
  const row = after.data.find(({ id }) => rowIds.includes(id)) ?? null;
  return { row, changed: applied ? offered.changes : [], worst: after.worst };
}

const offerOf = (report: DoctorReport, fix: string) =>
  report.data.flatMap((row) => [row.fix, ...row.other_fixes]).find((offer) => offer?.id === fix) ?? undefined;

const rowIdOf = (fix: string): string => (fix in fixRows ? fixRows[fix as keyof typeof fixRows] : fix); // asked in the line itself

type Case = { actor: Actor; tenant: Tenant; stored: StoredConnection; facts: DoctorFacts; hands: DoctorHands };

/** @returns false when there was nothing to do after all */
async function apply(given: Case, fix: string): Promise<boolean> {
  const { actor, stored, facts, hands } = given;
  const { id } = stored.record;
  switch (fix) {
    case "revalidate":
      await hands.validate(actor, { id });
      return true;
    case "allow_transactional":
      await hands.change(actor, { id, allow_transactional: true });
      return true;
    case "use_broadcast":
      await sendOnBroadcast(given);
      return true;
    case "unarchive_stream":
      done(await setupOf(given).unarchiveStream(ownStream(facts)));
      await hands.validate(actor, { id });
      return true;
    case "tracking":
      done(await setupOf(given).turnOnTracking());
      return true;
    case "remove_duplicates":
      await removeDuplicates(setupOf(given), facts);
      return true;
    case "loop":
      return sendRound(given);
    default:
      await mendWebhook(setupOf(given), facts, fix.replace("webhook:", ""));
      return true;
  }
}

async function sendOnBroadcast(given: Case): Promise<void> {
  const { id: stream, isNew } = broadcastChoice(given.facts);
  const description = "Onboarding, nudges and other lifecycle email.";
  const made = isNew
    ? await setupOf(given).createStream({ id: stream, name: "Lifecycle", description })
    : ({ kind: "ok", value: { id: stream } } as const);
  // 1230: it is there already, by an earlier try whose answer was lost.
  if (!(made.kind === "refused" && made.code === 1230)) done(made);
  await given.hands.change(given.actor, { id: given.stored.record.id, message_stream: stream });
}

/** One message to the black hole, by the ordinary way of test messages. @returns false while another is on its way */
async function sendRound({ actor, tenant, stored, hands }: Case): Promise<boolean> {
  const { id } = stored.record;
  const to = connectorOf(tenant, stored)?.blackHole ?? null;
  if (to === null) throw new AppError("conflict", "There is nowhere to send such a message to with this connection.");
  if (!(await beginLoop(db, tenant, id))) return false;
  try {
    const { send_id: sendId } = await hands.sendTest(actor, { id, to });
    await noteLoop(db, tenant, id, { kind: "sent", sendId });
    return true;
  } catch (thrown) {
    const refusal = thrown instanceof AppError ? thrown.extras.provider : undefined;
    if (refusal === undefined) {
      await noteLoop(db, tenant, id, { kind: "withdrawn" });
      throw thrown;
    }
    // Refused is an answer too: the row shows it.
    const problem = `${refusal.message} ${refusal.hint}`;
    await noteLoop(db, tenant, id, { kind: "refused", code: refusal.code, problem });
    return true;
  }
}

function setupOf({ tenant, stored }: Case): ProviderSetup {
  const setup = connectorOf(tenant, stored)?.setup;
  if (!setup) throw new AppError("conflict", "Nothing can be set up at the provider with this connection.");
  return setup;
}
