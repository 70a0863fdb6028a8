import "server-only";
import { startDispatcher } from "../index";

/** A worker as a process of its own, for tests that kill it. Says "ready", works until it is killed. */
startDispatcher({ kind: "worker" });
process.stdout.write("ready\n");
