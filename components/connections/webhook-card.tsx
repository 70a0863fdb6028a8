"use client";

import { RefreshCw } from "lucide-react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyField } from "@/components/ui/copy-field";
import type { Connection } from "@/lib/connections/schema";
import { streamOf } from "./stream-words";

type Props = { connection: Connection; rotate: Action<{ id: string }, Connection>; editable: boolean };

/** Where Postmark reports to, and how to tell it so. */
export function WebhookCard({ connection, rotate, editable }: Props) {
  const { webhook_url: url, webhook_secret: secret } = connection;
  return (
    <Card
      title="Webhook"
      description="How deliveries, opens, clicks, bounces, complaints and unsubscribes come back."
      actions={
        editable && (
          <ConfirmDialog
            title="Rotate the webhook secret?"
            description="A new secret is made. The old one goes on being accepted for 24 hours; paste the new one into Postmark before that, or its reports are refused."
            confirm="Rotate secret"
            tone="primary"
            success="New secret made. Paste it into Postmark within 24 hours."
            action={rotate}
            input={{ id: connection.id }}
            trigger={
              <Button size="sm">
                <RefreshCw aria-hidden /> Rotate secret
              </Button>
            }
          />
        )
      }
    >
      <div className="space-y-4">
        <CopyField label="Webhook URL" value={url} />
        {secret ? (
          <div className="grid gap-4 sm:grid-cols-[8rem_1fr]">
            <CopyField label="User name" value="gflux" />
            <CopyField label="Password (webhook secret)" value={secret} secret />
          </div>
        ) : (
          <p className="text-muted text-sm">
            {editable
              ? "The secret cannot be read here: its encryption key is missing. Rotate it, or restore ENCRYPTION_KEYS."
              : "The secret is shown to those who may manage connections."}
          </p>
        )}
        {isLocal(url) && (
          <Banner tone="warn">
            Postmark cannot reach this address from the internet. Set APP_URL to the public address of this
            installation.
          </Banner>
        )}
        <Steps stream={streamOf(connection)} server={connection.server?.name ?? null} />
      </div>
    </Card>
  );
}

function Steps({ stream, server }: { stream: string; server: string | null }) {
  return (
    <details className="group rounded-lg border border-line bg-sunken px-3.5 py-2.5 text-sm">
      <summary className="font-medium">How to add it in Postmark</summary>
      <ol className="mt-2 list-decimal space-y-1.5 pl-5 text-muted marker:text-faint">
        <li>
          Open {server ? <B>{server}</B> : "your server"} → <B>Message Streams</B> → <B>{stream}</B> → <B>Webhooks</B> →{" "}
          <B>Add webhook</B>. Webhooks belong to one stream; add this URL to every stream you send on.
        </li>
        <li>Paste the webhook URL.</li>
        <li>
          Under <B>Basic auth credentials</B> enter the user name <B>gflux</B> and the secret as password.
        </li>
        <li>
          Enable <B>Delivery</B>, <B>Bounce</B>, <B>Spam complaint</B>, <B>Open</B> (every open, not only the first),{" "}
          <B>Link click</B> and <B>Subscription change</B>.
        </li>
        <li>
          Save. Postmark then posts a sample of each and saves only what is answered with 200, so this address must be
          reachable; the samples appear under “Events received”.
        </li>
      </ol>
    </details>
  );
}

const B = ({ children }: { children: string }) => (
  <strong className="break-words font-medium text-ink">{children}</strong>
);

const isLocal = (url: string) => /^https?:\/\/(localhost|127\.|\[::1\]|10\.|192\.168\.)/.test(url);
