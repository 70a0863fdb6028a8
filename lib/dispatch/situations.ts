import "server-only";
import { type AutomationDefinition, sendSteps } from "../automations/schema";
import { connectionRecords } from "../connections";
import { db } from "../db";
import { countPerformed } from "../events";
import { unsubscribesAmong } from "../suppressions";
import { asksOf } from "./asks";
import { addressOf } from "./decide-letter";
import type { CausingEvent, Claim, ClaimedRun, Signal, Situation } from "./schema";
import { loadDefinitions, loadEvents, loadRunFacts, type RunFacts, tenantOf } from "./store-runs";

/** What each run's decisions look at, for all runs of a claim at once. Missing: what cannot be read just now. */
export async function loadSituations(claim: Claim): Promise<Map<string, Situation>> {
  const tenant = tenantOf(claim);
  const { runs } = claim;
  const eventIds = runs.flatMap(({ eventId }) => eventId ?? []);
  const [facts, events, definitions] = await Promise.all([
    loadRunFacts(db, tenant, runs),
    loadEvents(db, tenant, eventIds),
    loadDefinitions(
      db,
      tenant,
      runs.map(({ versionId }) => versionId),
    ),
  ]);
  const asking = runs.filter(({ versionId }) => definitions.get(versionId)?.on_unsubscribe === "exit");
  const [connections, signals, unsubscribes] = await Promise.all([
    loadConnections(claim, [...definitions.values()]),
    loadSignals(claim, facts),
    unsubscribesAmong(
      db,
      tenant,
      asking.flatMap(({ id }) => addressIn(facts.get(id)) ?? []),
    ),
  ]);
  const situations = runs.flatMap((run): Situation[] => {
    const [fact, definition] = [facts.get(run.id), definitions.get(run.versionId)];
    const automation = fact?.automation;
    if (!automation || !definition) return [];
    const { person, workspaceTimezone, sends } = fact;
    const event = (run.eventId && events.get(run.eventId)) || null;
    const left = unsubscribes.get(addressIn(fact)?.toLowerCase() ?? "") ?? [];
    const known = { run, automation, definition, person, event, workspaceTimezone, sends, connections };
    return [{ ...known, signals: signals.get(run.id) ?? [], unsubscribed: left, performed: new Map() }];
  });
  return new Map((await withCounts(claim, situations)).map((situation) => [situation.run.id, situation]));
}

const addressIn = (fact: RunFacts | undefined) => (fact?.person ? addressOf(fact.person) : null);

async function loadConnections(
  claim: Claim,
  definitions: readonly (AutomationDefinition | null)[],
): Promise<Situation["connections"]> {
  const named = definitions.flatMap((definition) => (definition === null ? [] : sendSteps(definition)));
  const ids = [...new Set(named.flatMap((step) => step.email_provider_id ?? []))];
  return ids.length === 0 ? new Map() : connectionRecords(db, tenantOf(claim), ids);
}

/** The events behind the signals. One that is gone counts for nothing, and is looked at all the same. */
async function loadSignals(
  claim: Claim,
  facts: ReadonlyMap<ClaimedRun["id"], RunFacts>,
): Promise<Map<string, Signal[]>> {
  const ids = [...facts.values()].flatMap(({ signals }) => signals.map(({ eventId }) => eventId));
  const events = await loadEvents(db, tenantOf(claim), ids);
  const gone: Pick<CausingEvent, "name" | "properties"> = { name: "", properties: {} };
  return new Map(
    [...facts].map(([runId, { signals }]) => [
      runId,
      signals
        .map((signal) => {
          const { name, properties } = events.get(signal.eventId) ?? gone;
          return { ...signal, name, properties };
        })
        .sort(
          (one, other) =>
            one.receivedAt.getTime() - other.receivedAt.getTime() || (one.eventId < other.eventId ? -1 : 1),
        ),
    ]),
  );
}

/** Counts what conditions ask about what people did, for all in one statement; in most automations nothing does. */
async function withCounts(claim: Claim, situations: readonly Situation[]): Promise<readonly Situation[]> {
  const asks = situations.flatMap(({ run, person, definition, signals, automation }) => {
    const idle = person === null || (automation.status !== "live" && signals.length === 0);
    return idle
      ? []
      : asksOf(definition, run, { signals, now: claim.at }).map((query) => ({
          ref: run.id,
          profileId: person.id,
          query,
        }));
  });
  if (asks.length === 0) return situations;
  const counts = await countPerformed(db, tenantOf(claim), asks, claim.at);
  return situations.map((situation) => ({ ...situation, performed: counts.get(situation.run.id) ?? new Map() }));
}
