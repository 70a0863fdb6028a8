import type { ReactNode } from "react";
import { PageHeader } from "@/components/ui/page-header";
import { NavTabs } from "@/components/ui/tabs";
import type { AnyAutomation } from "@/lib/automations/schema";
import { countWords } from "./count-words";
import { AutomationStatusBadge } from "./status-badge";

type Props = {
  automation: Pick<AnyAutomation, "id" | "name" | "status" | "counts">;
  /** The list of automations. */
  path: string;
  actions?: ReactNode;
};

/** The top of an automation's three pages. */
export function AutomationHeader({ automation, path, actions }: Props) {
  const own = `${path}/${automation.id}`;
  const { active } = automation.counts;
  return (
    <>
      <PageHeader
        title={automation.name}
        status={<AutomationStatusBadge status={automation.status} />}
        back={{ href: path, label: "Automations" }}
        actions={actions}
      />
      <div className="-mt-2 mb-5">
        <NavTabs
          label="Automation"
          items={[
            { href: own, label: "Builder" },
            { href: `${own}/people`, label: active === 0 ? "People" : `People (${countWords(active)})` },
            { href: `${own}/versions`, label: "Versions" },
          ]}
        />
      </div>
    </>
  );
}
