import { Banner } from "@/components/ui/banner";
import { Card } from "@/components/ui/card";
import { DescriptionList } from "@/components/ui/description-list";
import { Time } from "@/components/ui/time";
import { type Connection, streamWarning } from "@/lib/connections/schema";
import { BreakerNotice } from "./breaker-notice";
import { isPostmark, isSmtp, providerName, smtpWords } from "./provider-words";
import { streamOf } from "./stream-words";

/** How a connection is doing, and what its token opens. */
export function ConnectionFacts({ connection }: { connection: Connection }) {
  const { status, last_error: problem, last_validated_at: validatedAt } = connection;
  const warning = isSmtp(connection) ? streamWarning(connection.smtp_host ?? "", connection.message_stream) : null;
  return (
    <>
      {status === "failing" && (
        <Banner tone="bad" title={`${providerName(connection)} refuses this connection, so its sends are held.`}>
          {problem} {isSmtp(connection) ? "Change the login" : "Replace the token"} or validate again: what is held goes
          out as soon as it works.
        </Banner>
      )}
      {status === "disabled" && <Banner tone="info" title="Disabled: its sends are held until someone enables it." />}
      {problem && status !== "failing" && (
        <Banner tone="warn" title="The last validation did not pass.">
          {problem}
        </Banner>
      )}
      <BreakerNotice breaker={connection.breaker} />
      {warning && (
        <Banner tone="warn" title="Host and stream do not seem to belong together.">
          {warning}
        </Banner>
      )}
      <Card title="Status">
        <DescriptionList
          items={[
            ...(isSmtp(connection) ? smtpFacts(connection) : nativeFacts(connection)),
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

const nativeFacts = (connection: Connection) => [
  {
    term: "Server",
    value: connection.server
      ? `${connection.server.name} (${connection.server.id})`
      : "Not known until it is validated",
  },
  { term: "Stream", value: <code className="font-mono">{streamOf(connection)}</code> },
  { term: "Server token", value: <code className="font-mono">{`••••${connection.server_token_last4}`}</code> },
];

const smtpFacts = (connection: Connection) => [
  { term: "Provider", value: "Custom SMTP" },
  { term: "Server", value: smtpWords(connection) },
  ...(isPostmark(connection)
    ? [{ term: "Stream", value: <code className="font-mono">{streamOf(connection)}</code> }]
    : []),
  {
    term: "Login",
    value: connection.username === null ? "None" : <code className="break-all font-mono">{connection.username}</code>,
  },
  {
    term: "Lost answers",
    value: "SMTP cannot be asked afterwards: such an email stays unknown until it is reported or you decide.",
  },
];
