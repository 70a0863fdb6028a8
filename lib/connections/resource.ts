import "server-only";
import type { Actor, Tenant } from "../actor";
import { env } from "../env";
import type { Stream } from "./connector";
import { livesOf, noLife } from "./life";
import type { Connection, Life, PublicStream } from "./schema";
import { readableSecret } from "./secrets";
import type { StoredConnection } from "./store";

/** A connection as the actor may see it: the webhook secret is for those who may manage connections, the token for nobody. */
export async function resourceOf(actor: Actor, tenant: Tenant, stored: StoredConnection): Promise<Connection> {
  return withLife(actor, tenant, stored, (await livesOf(tenant, [stored.record.id])).get(stored.record.id));
}

/** The same of many, in their order. */
export async function resourcesOf(
  actor: Actor,
  tenant: Tenant,
  rows: readonly StoredConnection[],
): Promise<Connection[]> {
  const lives = await livesOf(
    tenant,
    rows.map(({ record }) => record.id),
  );
  return rows.map((stored) => withLife(actor, tenant, stored, lives.get(stored.record.id)));
}

function withLife(
  actor: Actor,
  tenant: Tenant,
  { record, sealedWebhookSecret, smtp }: StoredConnection,
  life: Life = noLife,
): Connection {
  const manages = actor.permissions.has("connections:write");
  return {
    id: record.id,
    project_id: record.workspaceId,
    provider: record.provider,
    display_name: record.displayName,
    server_token_last4: smtp === null ? record.credentialsLast4 : null,
    smtp_host: smtp?.place.host ?? null,
    smtp_port: smtp?.place.port ?? null,
    smtp_secure: smtp?.place.secure ?? null,
    username: smtp?.username ?? null,
    password_set: smtp !== null && smtp.username !== null,
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
    webhook_secret: manages ? readableSecret(tenant, record.id, "webhook", sealedWebhookSecret) : null,
    server: record.serverId === null ? null : { id: record.serverId, name: record.serverName ?? "" },
    streams: record.streams.map(publicStream),
    ...life,
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
  };
}

export const publicStream = ({ unsubscribeHandling, ...stream }: Stream): PublicStream => ({
  ...stream,
  unsubscribe_handling: unsubscribeHandling,
});
