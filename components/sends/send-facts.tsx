import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { DescriptionList } from "@/components/ui/description-list";
import { TextLink } from "@/components/ui/text-link";
import { Time } from "@/components/ui/time";
import type { Send } from "@/lib/sends/schema";
import { recipientOf, subjectOf } from "./send-table";

type Named = { href: string; name: string } | null;

type Props = {
  send: Send;
  /** Null when it is gone, or there was none. */
  automation: Named;
  connection: Named;
  /** Where people are. */
  profilesPath: string;
};

/** Who got what, from where, and how it was received. */
export function SendFacts({ send, automation, connection, profilesPath }: Props) {
  return (
    <Card title="Email">
      <DescriptionList
        items={[
          { term: "To", value: recipientOf(send) },
          { term: "From", value: send.from },
          { term: "Subject", value: subjectOf(send) },
          { term: "Person", value: send.profile_id && <Person id={send.profile_id} path={profilesPath} /> },
          { term: "Automation", value: send.automation_id === null ? "Test email" : <Linked to={automation} /> },
          { term: "Step", value: send.step_id && <Code>{send.step_id}</Code> },
          { term: "Connection", value: <Linked to={connection} /> },
          { term: "Stream", value: <Code>{send.message_stream}</Code> },
          { term: "Attempts", value: String(send.attempts) },
          { term: "Opens", value: <Counted count={send.opens} first={send.opened_at} /> },
          { term: "Clicks", value: <Counted count={send.clicks} first={send.clicked_at} /> },
          {
            term: "Provider message id",
            value: send.provider_message_id && <Id value={send.provider_message_id} label="Copy provider message id" />,
          },
          { term: "Send id", value: <Id value={send.id} label="Copy send id" /> },
        ]}
      />
    </Card>
  );
}

const Person = ({ id, path }: { id: string; path: string }) => <TextLink href={`${path}/${id}`}>Open person</TextLink>;

const Linked = ({ to }: { to: Named }) => (to ? <TextLink href={to.href}>{to.name}</TextLink> : "Deleted");

const Counted = ({ count, first }: { count: number; first: string | null }) => (
  <>
    {count}
    {first && (
      <span className="text-muted">
        , first <Time at={first} />
      </span>
    )}
  </>
);

const Id = ({ value, label }: { value: string; label: string }) => (
  <span className="flex items-center gap-1">
    <code className="break-all font-mono text-xs">{value}</code>
    <CopyButton text={value} label={label} className="-my-1.5" />
  </span>
);

const Code = ({ children }: { children: ReactNode }) => <code className="break-all font-mono">{children}</code>;
