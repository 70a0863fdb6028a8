import type { Metadata } from "next";
import { ProviderChoice } from "@/components/connections/provider-choice";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Add connection" };

export default async function ChooseProviderPage({ params }: PageProps<"/[workspace]/configuration/connections/new">) {
  const { workspace } = await params;
  await requireActor(workspace);
  const path = `/${workspace}/configuration/connections`;
  return (
    <>
      <PageHeader
        title="Add connection"
        description="What should email leave through?"
        back={{ href: path, label: "Connections" }}
      />
      <ProviderChoice path={path} />
    </>
  );
}
