import "server-only";
import { systemClock } from "../clock";
import { parseWebhook, storeWebhook, webhookSender } from "../connections";
import { retryTransient, transaction } from "../db";
import { AppError } from "../errors";
import { wake } from "../wake";
import { type Taken, takeNews } from "./news";
import { noteArrival } from "./webhook-arrivals";

/**
 * One call of a provider's webhook. When it returns, everything is committed: the words as they came, and all that follows from them.
 * @throws AppError `unauthenticated` (secret), `not_found` (connection), `validation_error` (not JSON); nothing is stored then
 */
export async function receiveWebhook({
  workspaceId,
  connectionId,
  headers,
  bodyText,
}: {
  workspaceId: string;
  connectionId: string;
  headers: Headers;
  bodyText: string;
}): Promise<Taken> {
  const tenant = await webhookSender(workspaceId, connectionId, headers);
  const body = readJson(bodyText);
  const news = parseWebhook({ text: bodyText, body }, systemClock());
  const taken = await retryTransient(() =>
    transaction(async (tx) => {
      await storeWebhook(tx, tenant, { connectionId, text: bodyText, body });
      return takeNews(tx, tenant, connectionId, news === null ? [] : [news]);
    }),
  );
  if (taken.woken > 0) wake();
  if (news?.stream) await noteArrival(tenant, connectionId, news.stream);
  return taken;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("validation_error", "The body is not JSON.", { cause });
  }
}
