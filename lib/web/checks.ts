import "server-only";
import { sealedProblem } from "../connections";
import { databaseUnavailable, db } from "../db";
import { env } from "../env";
import { missingMigrations } from "./migrations";

/**
 * What has to be right before a process starts.
 * @returns one sentence that names the variable or the command, or null when all is well
 */
export async function startProblem(): Promise<string | null> {
  try {
    env();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  try {
    const [missing] = await missingMigrations();
    if (missing !== undefined)
      return `The database is behind (it lacks ${missing}): run npm run db:migrate, then start again.`;
    const problem = await sealedProblem(db);
    return problem && `ENCRYPTION_KEYS does not open what is sealed in the database: ${problem}.`;
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
    return databaseUnavailable(thrown) || /authenticat|does not exist|SSL|password/i.test(words)
      ? `The database that DATABASE_URL names cannot be reached: ${words || "no answer"}.`
      : `The database that DATABASE_URL names cannot be used: ${words}.`;
  }
}
