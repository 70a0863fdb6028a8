import type { Metadata } from "next";
import { NewAutomation } from "@/components/automations/new-automation";
import { Banner } from "@/components/ui/banner";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/web/session";
import { createAutomation } from "../actions";

export const metadata: Metadata = { title: "New automation" };

export default async function NewAutomationPage({ params }: PageProps<"/[workspace]/automations/new">) {
  const { workspace } = await params;
  const actor = await requireActor(workspace);
  const path = `/${workspace}/automations`;
  return (
    <>
      <PageHeader
        title="New automation"
        description="An event starts it. The steps come next; nobody enters before you publish."
        back={{ href: path, label: "Automations" }}
      />
      {actor.permissions.has("automations:write") ? (
        <NewAutomation path={path} create={createAutomation.bind(null, workspace)} />
      ) : (
        <Banner tone="info">Your role cannot make automations. An owner, admin or marketer can.</Banner>
      )}
    </>
  );
}
