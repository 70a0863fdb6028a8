import type { Metadata } from "next";
import { NewSmtpConnection } from "@/components/connections/new-smtp-connection";
import { Banner } from "@/components/ui/banner";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/web/session";
import { createConnection, validateDraft } from "../../actions";

export const metadata: Metadata = { title: "Connect by SMTP" };

type Props = PageProps<"/[workspace]/configuration/connections/new/smtp">;

export default async function NewSmtpConnectionPage({ params }: Props) {
  const { workspace } = await params;
  const actor = await requireActor(workspace);
  const path = `/${workspace}/configuration/connections`;
  return (
    <>
      <PageHeader
        title="Connect by SMTP"
        description="Email leaves through any mail server of yours. With Postmark, native tells you more."
        back={{ href: `${path}/new`, label: "Add connection" }}
      />
      {actor.permissions.has("connections:write") ? (
        <NewSmtpConnection
          path={path}
          validate={validateDraft.bind(null, workspace)}
          create={createConnection.bind(null, workspace)}
        />
      ) : (
        <Banner tone="info">Your role cannot add connections. Ask an owner or admin of the workspace.</Banner>
      )}
    </>
  );
}
