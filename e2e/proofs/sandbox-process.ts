/** The sandbox in a process of its own: whoever kills what it serves does not take it along. Says where it listens, as one line of JSON. */
import { startSandbox } from "../../lib/sandbox";

const sandbox = await startSandbox(JSON.parse(process.env.PROOF_SANDBOX ?? "{}"));
const { url, controlKey } = sandbox;
process.stdout.write(`${JSON.stringify({ url, controlKey })}\n`);
