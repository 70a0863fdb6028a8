import { type ConnectionRecord, lifecycleProblem, resolveStream, streamProblem } from "../connections/schema";
import type { AutomationDefinition } from "./definition";
import { placedSteps } from "./path";
import type { SendEmailStep } from "./steps";

/** What is wrong, and at which path of the definition. */
export type Problem = { path: string; message: string };

/**
 * What keeps a definition from being published: `invalid` is wrong in itself, `clashing` is a matter of which stream lifecycle mail
 * may leave on. Everything, not just the first.
 */
export function publishProblems(
  definition: AutomationDefinition,
  connections: ReadonlyMap<string, ConnectionRecord>,
): { invalid: Problem[]; clashing: Problem[] } {
  if (definition.steps.length === 0)
    return { invalid: [{ path: "steps", message: "Add at least one step." }], clashing: [] };
  const found = { invalid: [] as Problem[], clashing: [] as Problem[] };
  for (const { step, path } of placedSteps(definition)) {
    if (step.type !== "send_email") continue;
    const connection = connections.get(step.email_provider_id ?? "");
    const problem = providerProblem(step, connection);
    if (problem !== null || connection === undefined) {
      found.invalid.push({ path: `${path}.email_provider_id`, message: problem ?? unknownProvider });
      continue;
    }
    found.invalid.push(...senderProblems(step, connection, path));
    found.clashing.push(...streamClashes(step, connection, path));
  }
  return found;
}

const unknownProvider = "There is no such email provider in this workspace. Choose another.";

function providerProblem(step: SendEmailStep, connection: ConnectionRecord | undefined): string | null {
  if (step.email_provider_id === null) return "Choose an email provider.";
  if (connection === undefined) return unknownProvider;
  if (connection.status !== "disabled") return null;
  return `“${connection.displayName}” is disabled. Enable it, or choose another email provider.`;
}

function senderProblems(step: SendEmailStep, connection: ConnectionRecord, path: string): Problem[] {
  const problems: Problem[] = [];
  if (step.from_email === null && connection.fromEmail === null)
    problems.push({
      path: `${path}.from_email`,
      message: `Give a sender address: “${connection.displayName}” has none of its own.`,
    });
  const stream = streamProblem(connection, resolveStream(connection, step.message_stream));
  if (stream !== null) problems.push({ path: `${path}.message_stream`, message: stream });
  return problems;
}

function streamClashes(step: SendEmailStep, connection: ConnectionRecord, path: string): Problem[] {
  const stream = resolveStream(connection, step.message_stream);
  if (streamProblem(connection, stream) !== null) return [];
  const message = lifecycleProblem(connection, stream);
  return message === null ? [] : [{ path: `${path}.message_stream`, message }];
}
