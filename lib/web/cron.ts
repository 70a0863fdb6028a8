import "server-only";
import * as z from "zod";
import { openConnector, watchAlerts } from "../connections";
import { db } from "../db";
import { dispatch } from "../dispatch";
import { rewriteMergedEvents } from "../events";
import { log } from "../log";
import { catchUpNews, sweepPendingNews } from "../sends";
import { tendSuppressionLists } from "../suppressions";
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
    const [passed] = await Promise.all([dispatch({ budgetMs, kind: "cron" }), ...chores(budgetMs)]);
    await housekeeping();
    countRequest(operation, 200);
    return answer(200, passed, headers);
  } catch (thrown) {
    return refuse(thrown, { requestId, operation, headers });
  }
}

/** What a dispatcher that stays does beside its work, once and bounded: where only cron calls, nobody else does it. */
function chores(budgetMs: number): Promise<void>[] {
  const endMs = performance.now() + budgetMs;
  const isOver = () => performance.now() >= endMs;
  return [
    aside("sweep of pending news", () => sweepPendingNews(db, { limit: 500 })),
    aside("asking for news", () => catchUpNews({ withinMs: budgetMs })),
    aside("rewriting of merged histories", () => rewriteMergedEvents(db, { rowsMax: 2_000 })),
    aside("tending of suppression lists", () => tendSuppressionLists({ budgetMs })),
    aside("watch over connections", async () => {
      watchedTo = (await watchAlerts({ after: watchedTo, open: openConnector, isOver })).last;
    }),
  ];
}

/** Where the next call to this process goes on; a new process begins with the first workspace. */
let watchedTo: string | null = null;

/** What throws beside the pass is told, and neither fails it nor ends the others. */
async function aside(what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    log.error(`the ${what} failed`, thrown);
  }
}
