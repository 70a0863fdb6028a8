import "server-only";
import type { z } from "zod";
import { type ActionResult, statusOf, toPublicError } from "../errors";
import { newId } from "../ids";
import { log } from "../log";
import type { Operation } from "../operation";
import { asAppError } from "./answer";
import { readInput } from "./input";
import { actorFromSession } from "./session";

/** What a form hands over: the workspace comes from the page, so it need not say it. */
type FormInput<T> = T extends unknown ? Omit<T, "project_id"> & { project_id?: string } : never;

/**
 * Turns the same operation into a server action for a workspace's pages. Failures come back as values, because Next hides what is
 * thrown; our own faults are logged under an id that the person can quote.
 */
export function action<I extends z.ZodType, O extends z.ZodType>(operation: Operation<I, O>) {
  return async (workspaceSlug: string, input: FormInput<z.input<I>>): Promise<ActionResult<z.output<O>>> => {
    try {
      const actor = await actorFromSession(workspaceSlug);
      const { project_id: _, ...body } = { project_id: undefined, ...input };
      const parsed = readInput(operation.input, { query: {}, body, params: { project_id: actor.workspaceId } });
      return { ok: true, value: operation.output.parse((await operation.run(actor, parsed)) ?? null) };
    } catch (given) {
      if (isNextSignal(given)) throw given;
      const thrown = asAppError(given);
      const requestId = newId();
      if (statusOf(thrown) >= 500) log.error("an action failed", thrown, { requestId, operation: operation.id });
      return { ok: false, error: toPublicError(thrown) };
    }
  };
}

/** Redirects and the like, which Next sends through as errors with a digest. */
const isNextSignal = (thrown: unknown): boolean =>
  thrown instanceof Error && "digest" in thrown && String(thrown.digest).startsWith("NEXT_");
