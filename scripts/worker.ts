/** `npm run worker`: the dispatcher alone. Any number of them may run beside any number of servers. */
import { runBuilt } from "./run-built";

await runBuilt("dist/worker.mjs");
