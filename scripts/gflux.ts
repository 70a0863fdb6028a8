/** `npm run -s gflux -- …`: the command line on DATABASE_URL, else on the embedded database with the secrets of .data/. */
import { migrate } from "./migrate";
import { localDatabase, localSecrets, withDefaults } from "./settings";

const helpOnly = process.argv.slice(2).every((word) => word === "--help" || word === "-h" || word === "help");
if (!helpOnly) {
  const database = await localDatabase();
  Object.assign(process.env, withDefaults({ ...localSecrets(), DATABASE_URL: database.url }));
  if (database.embedded) await migrate(database.url);
}
const { main } = await import("../lib/cli/main");
await main(process.argv.slice(2));
