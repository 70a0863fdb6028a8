import "server-only";
import * as z from "zod";
import { openConnector } from "../connections";
import { chores, dispatch } from "../dispatch";
import { log } from "../log";
import { answer, refuse } from "./answer";
import { requireCronSecret } from "./bearer";
import { countRequest } from "./counters";
import { housekeeping } from "./housekeeping";
import { readInput } from "./input";
import { requestIdOf } from "./request";

const operation = "dispatch";
/** Below the shortest limit that a serverless platform puts on a request. */
const budgetMsDefault = 8_000;
const input = z.strictObject({ budget_ms: z.coerce.number().int().min(100).max(300_000).default(budgetMsDefault) });

/** One bounded pass of the dispatcher, for cron services: calling it many times at once is harmless. */
export async function cronRoute(request: Request): Promise<Response> {
  const requestId = requestIdOf(request);
  const headers = { "x-request-id": requestId };
  try {
    requireCronSecret(request);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const { budget_ms: budgetMs } = readInput(input, { query, body: {}, params: {} });
    const [passed] = await Promise.all([dispatch({ budgetMs, kind: "cron" }), beside(budgetMs)]);
    await housekeeping();
    countRequest(operation, 200);
    return answer(200, passed, headers);
  } catch (thrown) {
    return refuse(thrown, { requestId, operation, headers });
  }
}

/** Theirs is where the next call to this process goes on; a new process begins anew. */
const mine = chores();

/**
 * What a dispatcher that stays does beside its work, once: where only cron calls, nobody else does it. What still hangs in the end goes on
 * by itself and is not waited for, as in the pass: any of it may be cut off at any moment.
 */
async function beside(budgetMs: number): Promise<void> {
  const endMs = performance.now() + budgetMs;
  const turn = { budgetMs, isOver: () => performance.now() >= endMs, open: openConnector };
  const done = Promise.all(mine.map(({ what, act }) => aside(what, () => act(turn))));
  const over = new Promise<void>((resolve) => setTimeout(resolve, budgetMs).unref());
  await Promise.race([done, over]);
}

/** What throws beside the pass is told, and neither fails it nor ends the others. */
async function aside(what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    log.error(`the ${what} failed`, thrown);
  }
}
