import { Banner } from "@/components/ui/banner";
import { Card } from "@/components/ui/card";
import { DescriptionList } from "@/components/ui/description-list";
import { Time } from "@/components/ui/time";
import type { Connection } from "@/lib/connections/schema";
import { BreakerNotice } from "./breaker-notice";
import { streamOf } from "./stream-words";

/** How a connection is doing, and what its token opens. */
export function ConnectionFacts({ connection }: { connection: Connection }) {
  const { status, last_error: problem, last_validated_at: validatedAt, server } = connection;
  return (
    <>
      {status === "failing" && (
        <Banner tone="bad" title="Postmark refuses this connection, so its sends are held.">
          {problem} Replace the token or validate again: what is held goes out as soon as it works.
        </Banner>
      )}
      {status === "disabled" && <Banner tone="info" title="Disabled: its sends are held until someone enables it." />}
      {problem && status !== "failing" && (
        <Banner tone="warn" title="The last validation did not pass.">
          {problem}
        </Banner>
      )}
      <BreakerNotice breaker={connection.breaker} />
      <Card title="Status">
        <DescriptionList
          items={[
            { term: "Server", value: server ? `${server.name} (${server.id})` : "Not known until it is validated" },
            { term: "Stream", value: <code className="font-mono">{streamOf(connection)}</code> },
            {
              term: "Server token",
              value: <code className="font-mono">{`••••${connection.server_token_last4}`}</code>,
            },
            { term: "Default", value: connection.is_default ? "Yes: new email steps begin with it" : "No" },
            { term: "Last validated", value: validatedAt ? <Time at={validatedAt} /> : "Never" },
            { term: "Added", value: <Time at={connection.created_at} /> },
            {
              term: "Id",
              value: <code className="break-all font-mono">{connection.id}</code>,
            },
          ]}
        />
      </Card>
    </>
  );
}
