import type { Metadata } from "next";
import { NewConnection } from "@/components/connections/new-connection";
import { Banner } from "@/components/ui/banner";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/web/session";
import { createConnection, validateDraft } from "../../actions";

export const metadata: Metadata = { title: "Connect Postmark" };

type Props = PageProps<"/[workspace]/configuration/connections/new/postmark">;

export default async function NewConnectionPage({ params }: Props) {
  const { workspace } = await params;
  const actor = await requireActor(workspace);
  const path = `/${workspace}/configuration/connections`;
  return (
    <>
      <PageHeader
        title="Connect Postmark"
        description="Email leaves from your own Postmark server, and your sender reputation stays there."
        back={{ href: `${path}/new`, label: "Add connection" }}
      />
      {actor.permissions.has("connections:write") ? (
        <NewConnection
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
