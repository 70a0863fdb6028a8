import "server-only";
import type { Actor, Tenant } from "../actor";
import { env } from "../env";
import type { Stream } from "./connector";
import type { Connection, PublicStream } from "./schema";
import { openSecret } from "./secrets";
import type { StoredConnection } from "./store";

/** A connection as the actor may see it: the webhook secret is for those who may manage connections, the token for nobody. */
export function resourceOf(
  actor: Actor,
  tenant: Tenant,
  { record, sealedWebhookSecret }: StoredConnection,
): Connection {
  const manages = actor.permissions.has("connections:write");
  return {
    id: record.id,
    project_id: record.workspaceId,
    provider: record.provider,
    display_name: record.displayName,
    server_token_last4: record.credentialsLast4,
    from_email: record.fromEmail,
    from_name: record.fromName,
    reply_to_email: record.replyToEmail,
    message_stream: record.messageStream,
    allow_transactional: record.allowTransactional,
    dkim_selector: record.dkimSelector,
    return_path_domain: record.returnPathDomain,
    status: record.status,
    last_validated_at: record.lastValidatedAt?.toISOString() ?? null,
    last_error: record.lastError,
    webhook_url: `${env().appUrl}/api/webhooks/${record.workspaceId}/data_connections/${record.id}/postmark`,
    webhook_secret: manages ? openSecret(tenant, record.id, "webhook", sealedWebhookSecret) : null,
    server: record.serverId === null ? null : { id: record.serverId, name: record.serverName ?? "" },
    streams: record.streams.map(publicStream),
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
  };
}

export const publicStream = ({ unsubscribeHandling, ...stream }: Stream): PublicStream => ({
  ...stream,
  unsubscribe_handling: unsubscribeHandling,
});
