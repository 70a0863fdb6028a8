/** The front door alone in a process of its own, for a test that kills it. Says where it listens. */
import { openFrontDoor } from "./doors";

const { url } = await openFrontDoor();
process.stdout.write(`${url}\n`);
