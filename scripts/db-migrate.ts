/** `npm run db:migrate`: brings DATABASE_URL, else the embedded database, up to date. */
import { migrate } from "./migrate";
import { localDatabase } from "./settings";

try {
  const { url } = await localDatabase();
  const applied = await migrate(url);
  console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "The database is up to date.");
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  process.exit(1);
}
