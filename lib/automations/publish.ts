import "server-only";
import type { Actor, Tenant } from "../actor";
import { connectionRecords } from "../connections";
import type { Db } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { releaseParked } from "../sends";
import { wake } from "../wake";
import { changeRunning, readable } from "./changing";
import { publishProblems } from "./checks";
import type { AutomationDefinition } from "./definition";
import { sendSteps } from "./path";
import { told } from "./resource";
import type { Automation, PublishInput } from "./schema";
import { type LockedAutomation, updateAutomation, versionOfDraft } from "./store";
import { releaseRuns } from "./store-runs";
import { textProblems } from "./texts";

/**
 * Makes the draft an immutable version and sets it live: who enters from now on runs through it, who is in goes on with theirs. A
 * draft that is what runs already makes no version of its own. A paused automation is resumed by it, as with `overdue: "send"`.
 * @throws AppError `not_found`; `validation_error` with what is wrong at which step; `conflict` for an archived one, and for lifecycle
 *   mail on a transactional stream that its connection does not allow
 */
export async function publishAutomation(actor: Actor, { id }: PublishInput): Promise<Automation> {
  const published = await changeRunning(actor, { id, action: "publish" }, async ({ tx, tenant, automation, to }) => {
    await refuseUnfit(tx, tenant, definitionOf(automation));
    const automationId = automation.id;
    const version = await versionOfDraft(tx, tenant, { automationId, id: newId(), publishedBy: actor.id });
    await updateAutomation(tx, tenant, automationId, { status: to, liveVersionId: version.id, pausedAt: null });
    if (automation.status === "paused") {
      await releaseParked(tx, tenant, { automationId });
      await releaseRuns(tx, tenant, { automationId, overdue: "send" });
    }
    return { version: version.number, new_version: version.isNew, resumed: automation.status === "paused" };
  });
  wake();
  return readable(published);
}

function definitionOf(automation: LockedAutomation): AutomationDefinition {
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
