import { HelpCircle } from "lucide-react";
import type { Metadata } from "next";
import { WhyAnswer } from "@/components/automations/why-answer";
import { WhyOverview } from "@/components/automations/why-overview";
import { WhyPicker } from "@/components/automations/why-picker";
import { WhyTrail } from "@/components/automations/why-trail";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { hrefWith } from "@/components/ui/href";
import { Pagination } from "@/components/ui/pagination";
import { listAutomations } from "@/lib/automations";
import { whyPerson } from "@/lib/dispatch";
import { type WhyEverywhere, whyInput } from "@/lib/dispatch/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Why" };

// An address that makes no sense asks about everything.
const query = whyInput.pick({ automation_id: true, cursor: true }).strip().catch({});

export default async function WhyPage({ params, searchParams }: PageProps<"/[workspace]/profiles/[id]/why">) {
  const [{ workspace, id }, asked] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const { automation_id, cursor } = query.parse(asked);
  const [why, automations] = await Promise.all([
    orNotFound(whyPerson(actor, { id, automation_id: automation_id || undefined, cursor, limit: 50 })),
    listAutomations(actor, { limit: 200 }),
  ]);
  const path = `/${workspace}/profiles/${id}/why`;
  const paths = { sends: `/${workspace}/sends`, automations: `/${workspace}/automations` };
  return (
    <div className="space-y-4">
      <WhyPicker
        automations={automations.data.map(({ id, name }) => ({ id, name }))}
        value={automation_id}
        path={path}
      />
      {why.automation_id === null ? (
        <Everywhere
          why={why}
          paths={paths}
          path={path}
          first={cursor !== undefined}
          names={new Map(automations.data.map(({ id, name }) => [id, name]))}
        />
      ) : (
        <WhyAnswer why={why} paths={paths} />
      )}
      {cursor === undefined && <LiveRefresh everyMs={5000} />}
    </div>
  );
}

type Props = {
  why: WhyEverywhere;
  paths: { sends: string; automations: string };
  path: string;
  first: boolean;
  names: ReadonlyMap<string, string>;
};

function Everywhere({ why, paths, path, first, names }: Props) {
  return (
    <>
      {!first && (
        <Card flush title="How this person stands" description="In each automation that is live or paused.">
          <WhyOverview automations={why.automations} hrefOf={(automation_id) => hrefWith(path, { automation_id })} />
        </Card>
      )}
      <Card
        flush={why.data.length === 0}
        title="Decisions"
        description="What was decided about this person, newest first."
      >
        {why.data.length === 0 ? (
          <EmptyState icon={HelpCircle} title="Nothing was decided yet">
            Once this person enters an automation, every decision is kept here with its reason.
          </EmptyState>
        ) : (
          <WhyTrail label="Decisions" decisions={why.data} paths={paths} automationNames={names} />
        )}
        <Pagination first={first ? path : null} next={why.next_cursor && hrefWith(path, { cursor: why.next_cursor })} />
      </Card>
    </>
  );
}
