import "server-only";
import { compileMessage } from "../templates";
import type { MessagePart } from "../templates/schema";
import type { Problem } from "./checks";
import type { AutomationDefinition } from "./definition";
import { placedSteps } from "./path";

const fieldOf: Record<MessagePart, string> = { subject: "subject", html: "html", text: "text", fromName: "from_name" };

/** The texts of a definition that do not parse, each with the place of its first mistake. */
export const textProblems = (definition: AutomationDefinition): Problem[] =>
  placedSteps(definition).flatMap(({ step, path }) => {
    if (step.type !== "send_email") return [];
    const { subject, html, text, from_name } = step;
    const compiled = compileMessage({ subject, html, text, fromName: from_name });
    if (compiled.ok) return [];
    return compiled.problems.map(({ part, line, column, message }) => ({
      path: `${path}.${fieldOf[part]}`,
      message: `Line ${line}, column ${column}: ${message}`,
    }));
  });
