/** `npm start`: the built server on DATABASE_URL, else on the embedded database. Everything else it checks itself. */
import { runBuilt } from "./run-built";

await runBuilt("dist/server.mjs");
