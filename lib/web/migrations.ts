import "server-only";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { db } from "../db";
import { appliedMigrations } from "./store";

// The bundles carry the names; from source they are read off the folder.
declare const GFLUX_MIGRATIONS: readonly string[] | undefined;

/** Names of the migrations that this program was written for. */
function ownMigrations(): readonly string[] {
  if (typeof GFLUX_MIGRATIONS !== "undefined") return GFLUX_MIGRATIONS;
  return readdirSync(join(process.cwd(), "prisma", "migrations"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Those that the database has not had yet. One that it has and we do not know does no harm. */
export async function missingMigrations(): Promise<string[]> {
  const applied = new Set(await appliedMigrations(db));
  return ownMigrations().filter((name) => !applied.has(name));
}
