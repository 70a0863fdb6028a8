import "server-only";
import * as z from "zod";
import { dispatch } from "../dispatch";
import { catchUpNews } from "../sends";
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
    const [passed] = await Promise.all([
      dispatch({ budgetMs, kind: "cron" }),
      catchUpNews({ withinMs: budgetMs }),
      tendSuppressionLists({ budgetMs }),
    ]);
    await housekeeping();
    countRequest(operation, 200);
    return answer(200, passed, headers);
  } catch (thrown) {
    return refuse(thrown, { requestId, operation, headers });
  }
}
