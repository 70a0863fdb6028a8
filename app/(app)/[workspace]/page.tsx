import type { Metadata } from "next";
import { GettingStarted } from "@/components/layout/getting-started";
import { RecentSends } from "@/components/layout/recent-sends";
import { startSteps } from "@/components/layout/start-steps";
import { PageHeader } from "@/components/ui/page-header";
import { listAutomations } from "@/lib/automations";
import { listConnections } from "@/lib/connections";
import { env } from "@/lib/env";
import { listProfiles } from "@/lib/profiles";
import { listSends } from "@/lib/sends";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Home" };

export default async function HomePage({ params }: PageProps<"/[workspace]">) {
  const { workspace: slug } = await params;
  const actor = await requireActor(slug);
  const [connections, automations, people, sends] = await Promise.all([
    listConnections(actor, { limit: 1 }),
    listAutomations(actor, { limit: 50 }),
    listProfiles(actor, { limit: 1 }),
    listSends(actor, { limit: 8 }),
  ]);
  const live = automations.data.find(({ status }) => status === "live");
  const steps = startSteps({
    slug,
    appUrl: env().appUrl,
    event: live && "trigger" in live ? live.trigger.event : "signed_up",
    hasConnection: connections.data.length > 0,
    hasAutomation: automations.data.some(({ status }) => status !== "draft"),
    hasPeople: people.data.length > 0,
    hasSends: sends.data.some(({ automation_id }) => automation_id !== null),
  });
  return (
    <>
      <PageHeader title="Home" />
      <div className="space-y-4">
        {steps.some((step) => !step.done) && <GettingStarted steps={steps} />}
        <RecentSends sends={sends.data} path={`/${slug}/sends`} />
      </div>
    </>
  );
}
