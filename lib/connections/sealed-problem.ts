import "server-only";
import { systemTenant } from "../actor";
import type { Db } from "../db";
import { openSecret } from "./secrets";
import { pageOfSealed, type SealedRow } from "./store-reseal";

const nobody = "00000000-0000-0000-0000-000000000000";
const looked = 500;

/**
 * Whether ENCRYPTION_KEYS opens what is sealed: for the start of a process. A key that is no longer listed is a problem wherever it
 * is needed; a single value that does not open is that connection's own.
 * @returns what is wrong, or null
 */
export async function sealedProblem(db: Db): Promise<string | null> {
  const rows = await pageOfSealed(db, { workspaceId: nobody, id: nobody }, looked);
  const problems = rows.flatMap((row) => problemOf(row) ?? []);
  const lacking = problems.find((problem) => problem.includes("has no key"));
  return lacking ?? (problems.length === rows.length ? (problems[0] ?? null) : null);
}

function problemOf({ workspaceId, id, token }: SealedRow): string | null {
  try {
    openSecret(systemTenant(workspaceId), id, "token", token);
    return null;
  } catch (thrown) {
    return `the token of connection ${id}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
