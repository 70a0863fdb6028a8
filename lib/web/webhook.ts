import "server-only";
import * as z from "zod";
import { AppError } from "../errors";
import { receiveWebhook } from "../sends";
import { answer, asAppError, refuse } from "./answer";
import { countRequest } from "./counters";
import { readBody, requestIdOf } from "./request";
import { type Context, pathParams } from "./route";

const bytesMax = 1024 * 1024;
const operation = "receiveWebhook";
const ids = z.object({ workspaceId: z.uuid(), connectionId: z.uuid() });

/**
 * What a provider calls with news of messages. 200 only after commit; everything that is our own trouble is 503, so that it is sent
 * again. A wrong secret, a connection that is not there, or what is not JSON is refused, and nothing of it is stored.
 */
export async function webhookRoute(request: Request, context: Context): Promise<Response> {
  const requestId = requestIdOf(request);
  const headers = { "x-request-id": requestId };
  try {
    const place = ids.safeParse(await pathParams(context));
    if (!place.success) throw new AppError("not_found");
    const { text } = await readBody(request, bytesMax);
    await receiveWebhook({ ...place.data, headers: request.headers, bodyText: text });
    countRequest(operation, 200);
    return answer(200, { received: true }, headers);
  } catch (thrown) {
    const told = asAppError(thrown);
    const error = told instanceof AppError ? told : new AppError("unavailable", undefined, { cause: thrown });
    return refuse(error, { requestId, operation, headers });
  }
}
