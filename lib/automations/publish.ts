import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { connectionRecords } from "../connections";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { releaseParked } from "../sends";
import { wake } from "../wake";
import { changeRunning, noAutomation, readable } from "./changing";
import { publishProblems } from "./checks";
import type { AutomationDefinition } from "./definition";
import { change } from "./lifecycle";
import { type Fate, fateOf, type Standing } from "./moving";
import { sendSteps } from "./path";
import { told } from "./resource";
import { type Automation, type AutomationInput, type PublishInput, type PublishPreview, previewedMax } from "./schema";
import { findAutomation, type LockedAutomation, updateAutomation, versionOfDraft } from "./store";
import { holdElsewhere, moveStanding, selectDefinitions, selectElsewhere, selectNextVersion } from "./store-moves";
import { releaseRuns } from "./store-runs";
import { textProblems } from "./texts";

/**
 * Makes the draft an immutable version and sets it live: who enters from now on runs through it, who is in goes on with theirs, or is
 * moved to it. A draft that is what runs already makes no version of its own. A paused automation is resumed by it, as with
 * `overdue: "send"`.
 * @throws AppError `not_found`; `validation_error` with what is wrong at which step; `conflict` for an archived one, and for lifecycle
 *   mail on a transactional stream that its connection does not allow
 */
export async function publishAutomation(actor: Actor, { id, in_flight }: PublishInput): Promise<Automation> {
  const published = await changeRunning(actor, { id, action: "publish" }, async ({ tx, tenant, automation, to }) => {
    const definition = definitionOf(automation);
    await refuseUnfit(tx, tenant, definition);
    const automationId = automation.id;
    const version = await versionOfDraft(tx, tenant, { automationId, id: newId(), publishedBy: actor.id });
    await updateAutomation(tx, tenant, automationId, { status: to, liveVersionId: version.id, pausedAt: null });
    const resumed = automation.status === "paused";
    if (resumed) await releaseParked(tx, tenant, { automationId }); // before the runs: see changeRunning
    const moves =
      in_flight === "move" ? await moveRuns(tx, tenant, { automationId, versionId: version.id, definition }) : {};
    if (resumed) await releaseRuns(tx, tenant, { automationId, overdue: "send" });
    return { version: version.number, new_version: version.isNew, resumed, ...moves };
  });
  wake();
  return readable(published);
}

/**
 * What publishing with `in_flight: "move"` would do now. Changes nothing and promises nothing: people go on meanwhile.
 * @throws AppError `not_found`; `conflict` for one that cannot be published
 */
export async function previewPublish(actor: Actor, { id }: AutomationInput): Promise<PublishPreview> {
  const tenant = allow(actor, "automations:read");
  const automation = await findAutomation(db, tenant, id);
  if (automation === null) throw noAutomation();
  const next = change(automation.status, "publish");
  if ("refusal" in next) throw new AppError("conflict", next.refusal);
  const definition = definitionOf(automation);
  const { number: version, versionId } = await selectNextVersion(db, tenant, id);
  const standing = await selectElsewhere(db, tenant, { automationId: id, versionId, peopleMax: previewedMax });
  const fated = await withFates(db, tenant, standing, definition);
  const moves = fated.map(({ number, stepId, people, fate }) => ({
    from_version: number,
    step_id: stepId,
    people,
    to: fate,
  }));
  const peopleOf = (groups: typeof moves) => groups.reduce((sum, { people }) => sum + people, 0);
  return { version, moves, people: peopleOf(moves), removed: peopleOf(moves.filter(({ to }) => to === "gone")) };
}

async function moveRuns(
  tx: Db,
  tenant: Tenant,
  {
    automationId,
    versionId,
    definition,
  }: { automationId: string; versionId: string; definition: AutomationDefinition },
): Promise<{ moved: number; removed: number }> {
  const before = await selectElsewhere(tx, tenant, { automationId, versionId, peopleMax: previewedMax });
  const gone = before.flatMap(({ stepId }) => (fateOf(stepId, null, definition) === "gone" ? (stepId ?? []) : []));
  const standing = await holdElsewhere(tx, tenant, { automationId, versionId, gone: [...new Set(gone)] });
  const from = await withFates(tx, tenant, standing, definition);
  const people = await moveStanding(tx, tenant, { automationId, versionId, from });
  const of = (fate: Fate) => people.get(fate) ?? 0;
  return { moved: of("same") + of("changed"), removed: of("gone") };
}

/** What becomes of those who stand somewhere, each group judged by the definition that it runs through. */
async function withFates(
  db: Db,
  tenant: Tenant,
  standing: readonly Standing[],
  definition: AutomationDefinition,
): Promise<(Standing & { fate: Fate })[]> {
  const definitions = await selectDefinitions(db, tenant, [...new Set(standing.map(({ versionId }) => versionId))]);
  return standing.map((group) => {
    const fate = fateOf(group.stepId, definitions.get(group.versionId) ?? null, definition);
    return { ...group, fate };
  });
}

function definitionOf(automation: Pick<LockedAutomation, "definition" | "definitionError">): AutomationDefinition {
  if (automation.definition !== null) return automation.definition;
  throw new AppError("conflict", `${automation.definitionError} Save it anew, then publish it.`);
}

async function refuseUnfit(tx: Db, tenant: Tenant, definition: AutomationDefinition): Promise<void> {
  const ids = sendSteps(definition).flatMap((step) => step.email_provider_id ?? []);
  const connections = await connectionRecords(tx, tenant, [...new Set(ids)]);
  const { invalid, clashing } = publishProblems(definition, connections);
  const wrong = told([...invalid, ...textProblems(definition)]);
  if (wrong.sentence !== "") throw new AppError("validation_error", wrong.sentence, { fields: wrong.fields });
  const clash = told(clashing);
  if (clash.sentence !== "") throw new AppError("conflict", clash.sentence, { fields: clash.fields });
}
