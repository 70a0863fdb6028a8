import "server-only";
import { Models, ServerClient } from "postmark";

const { GET, POST } = Models.ClientOptions.HttpMethod;

/** The library's client with the calls that it does not know yet (reference §7). */
export class WholeClient extends ServerClient {
  /** `POST /webhooks/{id}/verify` */
  verifyWebhook(id: number): Promise<unknown> {
    return this.processRequestWithBody(POST, `/webhooks/${id}/verify`, {});
  }

  /** `GET /webhooks/{id}/statistics` */
  webhookStatistics(id: number): Promise<unknown> {
    return this.processRequestWithoutBody(GET, `/webhooks/${id}/statistics`);
  }
}
