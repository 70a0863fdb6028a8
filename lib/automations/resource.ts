import "server-only";
import type { Tenant } from "../actor";
import type { Problem } from "./checks";
import type { AnyAutomation, AutomationVersion, Enrollment } from "./schema";
import type { AutomationRow, VersionRow } from "./store";
import type { EnrollmentRow } from "./store-runs";

/** An automation as the API shows it. */
export function toAutomation(tenant: Tenant, row: AutomationRow): AnyAutomation {
  const facts = {
    id: row.id,
    project_id: tenant.workspaceId,
    name: row.name,
    status: row.status,
    live_version: row.liveVersion,
    unpublished_changes: row.unpublishedChanges,
    counts: row.counts,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
  return row.definition === null
    ? { ...facts, definition_error: row.definitionError }
    : { ...facts, ...row.definition, definition_error: null };
}

export const toVersion = (automationId: string, row: VersionRow): AutomationVersion => ({
  number: row.number,
  automation_id: automationId,
  live: row.live,
  definition: row.definition,
  definition_error: row.definitionError,
  published_by: row.publishedBy,
  published_at: row.createdAt.toISOString(),
});

export function toEnrollment(
  automationId: string,
  row: EnrollmentRow,
  addresses: ReadonlyMap<string, string>,
): Enrollment {
  const { created_at, ended_at, due_at, ...same } = row;
  return {
    ...same,
    automation_id: automationId,
    email: addresses.get(row.profile_id) ?? null,
    due_at: due_at?.toISOString() ?? null,
    entered_at: created_at.toISOString(),
    ended_at: ended_at?.toISOString() ?? null,
  };
}

/** Problems as an error carries them, and the first as its sentence. */
export function told(problems: readonly Problem[]): { sentence: string; fields: Record<string, string[]> } {
  const fields: Record<string, string[]> = {};
  for (const { path, message } of problems) fields[path] = [...(fields[path] ?? []), message];
  const [first] = problems;
  return { sentence: first ? `${first.path}: ${first.message}` : "", fields };
}
