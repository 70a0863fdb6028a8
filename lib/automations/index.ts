import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { type Db, db, transaction } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { addressesOf, findProfile, profileIdsOf } from "../profiles";
import { audit, workspaceById } from "../workspaces";
import { lockFor, readable, resourceOf } from "./changing";
import type { AutomationDefinition } from "./definition";
import { toAutomation, toEnrollment, told, toVersion } from "./resource";
import type {
  AnyAutomation,
  Automation,
  AutomationInput,
  AutomationPage,
  AutomationVersionPage,
  CreateAutomationInput,
  EnrollmentPage,
  ListAutomationsInput,
  ListEnrollmentsInput,
  ListVersionsInput,
  UpdateAutomationInput,
} from "./schema";
import {
  insertAutomation,
  isId,
  type LiveAutomation,
  selectAutomations,
  selectLiveTriggers,
  selectUsing,
  selectVersions,
  updateAutomation as writeAutomation,
} from "./store";
import { selectEnrollments } from "./store-runs";
import { textProblems } from "./texts";

export { listenedEvents } from "./listening";
export { previewPublish, publishAutomation } from "./publish";
export { archiveAutomation, pauseAutomation, resumeAutomation } from "./running";
export type * from "./schema";
export type { LiveAutomation } from "./store";

/** Makes a draft. @throws AppError `validation_error` for texts that do not parse, with line and column */
export async function createAutomation(actor: Actor, input: CreateAutomationInput): Promise<Automation> {
  const tenant = allow(actor, "automations:write");
  const definition = soundDefinition(input);
  return transaction(async (tx) => {
    const id = newId();
    await insertAutomation(tx, tenant, { id, name: input.name, definition });
    await audit(tx, tenant, actor, { action: "automation.created", subject: input.name, data: { id } });
    return readable(await resourceOf(tx, tenant, id));
  });
}

/**
 * Replaces name and draft. What runs stays what it is until the draft is published; the name holds at once.
 * @throws AppError `not_found`; `conflict` for an archived one; `validation_error` as above
 */
export async function updateAutomation(actor: Actor, { id, ...input }: UpdateAutomationInput): Promise<Automation> {
  const tenant = allow(actor, "automations:write");
  const definition = soundDefinition(input);
  return transaction(async (tx) => {
    await lockFor(tx, tenant, id, "edit");
    await writeAutomation(tx, tenant, id, { name: input.name, definition });
    await audit(tx, tenant, actor, { action: "automation.changed", subject: input.name, data: { id } });
    return readable(await resourceOf(tx, tenant, id));
  });
}

/** @throws AppError `not_found` for one that is deleted, unknown, or another workspace's, as all below */
export const getAutomation = async (actor: Actor, { id }: AutomationInput): Promise<AnyAutomation> =>
  resourceOf(db, allow(actor, "automations:read"), id);

/** Newest first. */
export async function listAutomations(actor: Actor, input: ListAutomationsInput): Promise<AutomationPage> {
  const tenant = allow(actor, "automations:read");
  const { status, q, cursor: before, limit } = input;
  const rows = await selectAutomations(db, tenant, { status, q, before, limit: limit + 1 });
  return page(rows, limit, (row) => toAutomation(tenant, row));
}

/** Hides a draft or an archived automation for good. @throws AppError `conflict` for one that people may be in */
export async function deleteAutomation(actor: Actor, { id }: AutomationInput): Promise<null> {
  const tenant = allow(actor, "automations:write");
  return transaction(async (tx) => {
    const { name } = await lockFor(tx, tenant, id, "delete");
    await writeAutomation(tx, tenant, id, { deletedAt: new Date() });
    await audit(tx, tenant, actor, { action: "automation.deleted", subject: name, data: { id } });
    return null;
  });
}

/** What was published, newest first. */
export async function listVersions(actor: Actor, input: ListVersionsInput): Promise<AutomationVersionPage> {
  const tenant = allow(actor, "automations:read");
  const { id } = await resourceOf(db, tenant, input.id);
  const { cursor: before, limit } = input;
  const rows = await selectVersions(db, tenant, { automationId: id, before, limit: limit + 1 });
  const numbered = rows.map((row) => ({ ...row, id: String(row.number) }));
  return page(numbered, limit, (row) => toVersion(id, row));
}

/** Who is or was in it, newest first. */
export async function listEnrollments(actor: Actor, input: ListEnrollmentsInput): Promise<EnrollmentPage> {
  const tenant = allow(actor, "automations:read");
  const { id } = await resourceOf(db, tenant, input.id);
  const profileIds = input.profile_id === undefined ? undefined : await idsOfPerson(tenant, input.profile_id);
  const { status, cursor: before, limit } = input;
  const rows = await selectEnrollments(db, tenant, { automationId: id, status, profileIds, before, limit: limit + 1 });
  const people = actor.permissions.has("profiles:read") ? rows.map((row) => row.profile_id) : [];
  const addresses = await addressesOf(db, tenant, [...new Set(people)]);
  return page(rows, limit, (row) => toEnrollment(id, row, addresses));
}

/** What starts the live automations of a workspace; nothing while all its sending is stopped. Of one that cannot be read, the log tells. */
export async function liveTriggers(db: Db, tenant: Tenant): Promise<LiveAutomation[]> {
  const { sending_stopped_at } = await workspaceById(db, tenant);
  return sending_stopped_at === null ? selectLiveTriggers(db, tenant) : [];
}

/** Automations that are not archived and send through a connection, as edited or as live; by name, at most 200. */
export const automationsUsing = async (db: Db, tenant: Tenant, connectionId: string) =>
  isId(connectionId) ? selectUsing(db, tenant, connectionId) : [];

/** The definition of an input. @throws AppError `validation_error` for texts that do not parse, with line and column, at their fields */
function soundDefinition(input: AutomationDefinition): AutomationDefinition {
  const { trigger, audience, reentry, exit_when, goal, steps } = input;
  const definition = { trigger, audience, reentry, exit_when, goal, steps };
  const { sentence, fields } = told(textProblems(definition));
  if (sentence !== "") throw new AppError("validation_error", sentence, { fields });
  return definition;
}

/** A person with everyone who was merged into them; nobody where there is no such person. */
async function idsOfPerson(tenant: Tenant, anyId: string): Promise<string[]> {
  const person = await findProfile(db, tenant, anyId);
  return person === null ? [] : profileIdsOf(db, tenant, person.id);
}

/** A page of rows of which one more than `limit` was asked for. */
function page<R extends { id: string }, T>(rows: readonly R[], limit: number, shown: (row: R) => T) {
  const here = rows.slice(0, limit);
  return { data: here.map(shown), next_cursor: rows.length > limit ? (here.at(-1)?.id ?? null) : null };
}
