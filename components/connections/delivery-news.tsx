import { Badge } from "@/components/ui/badge";
import { Banner } from "@/components/ui/banner";
import { Card } from "@/components/ui/card";
import { DescriptionList } from "@/components/ui/description-list";
import { Time } from "@/components/ui/time";
import type { Tone } from "@/components/ui/tone";
import type { FeedSource, NewsFeed } from "@/lib/sends/schema";
import { SyncNow, type SyncNowProps } from "./sync-now";

const words: Record<FeedSource, { label: string; tone: Tone; means: string }> = {
  none: {
    label: "Nothing yet",
    tone: "neutral",
    means: "No webhook has come. What is sent is looked up from a minute on, so its news comes either way.",
  },
  webhooks: {
    label: "Webhooks",
    tone: "good",
    means: "Webhooks tell everything. Only what they leave out is looked up.",
  },
  sync: {
    label: "Sync",
    tone: "warn",
    means:
      "Webhooks do not come, so deliveries, bounces, opens and clicks are looked up: later than a webhook, and only the first open of each email.",
  },
  both: {
    label: "Webhooks and sync",
    tone: "info",
    means: "Webhooks come, and what some of them left out was looked up.",
  },
};

type Props = { id: string; feed: NewsFeed; sync: false | SyncNowProps["sync"] };

/** Whether the news of sent mail comes by webhook or by asking, and how the asking goes. */
export function DeliveryNews({ id, feed, sync }: Props) {
  const { source, last_webhook_at: webhookAt, last_sync_at: syncAt, next_sync_at: nextAt, calls } = feed;
  const { label, tone, means } = words[source];
  return (
    <Card title="Delivery news" actions={sync && <SyncNow id={id} sync={sync} />}>
      <div className="space-y-3">
        <div className="space-y-1 text-sm">
          <Badge tone={tone} dot>
            {label}
          </Badge>
          <p className="text-muted">{means}</p>
        </div>
        {feed.last_error && (
          <Banner tone="warn" title="The last sync did not finish.">
            {feed.last_error}
          </Banner>
        )}
        <DescriptionList
          items={[
            { term: "Last webhook", value: webhookAt ? <Time at={webhookAt} /> : "Never" },
            { term: "Last sync", value: feed.syncing ? "Running now" : syncAt ? <Time at={syncAt} /> : "Never" },
            ...(nextAt && !feed.syncing ? [{ term: "Next sync", value: <Time at={nextAt} /> }] : []),
            { term: "Filled in, 24 h", value: feed.filled_24h === 1 ? "1 event" : `${feed.filled_24h} events` },
            { term: "Calls this hour", value: `${calls.used} of ${calls.budget}` },
          ]}
        />
        {calls.used >= calls.budget && (
          <p className="text-sm text-warn">
            This hour’s calls are used up. The sync goes on <Time at={calls.resets_at} />.
          </p>
        )}
      </div>
    </Card>
  );
}
