import { SearchBox } from "@/components/ui/search-box";
import { FilterLinks } from "@/components/ui/tabs";
import type { SendStatus } from "@/lib/sends/schema";
import { AutomationFilter } from "./automation-filter";
import { type SendQuery, sendsHref } from "./send-query";
import { statusWords } from "./status-badge";

const offered: SendStatus[] = ["queued", "sent", "delivered", "bounced", "complained", "failed", "skipped", "unknown"];

type Props = { path: string; query: SendQuery; automations: { id: string; name: string }[] };

/** What of the log is shown: by words, by automation, by status. All of it stands in the address. */
export function SendFilters({ path, query, automations }: Props) {
  const at = (status: SendStatus | undefined) => sendsHref(path, { ...query, status, cursor: undefined });
  const statuses = query.status && !offered.includes(query.status) ? [...offered, query.status] : offered;
  return (
    <div className="mb-4 space-y-3">
      <SearchBox
        path={path}
        label="Search sends"
        placeholder="Address, subject or id"
        value={query.q}
        keep={{ status: query.status }}
      >
        <AutomationFilter automations={automations} value={query.automation_id} />
      </SearchBox>
      <FilterLinks
        label="Status"
        items={[
          { href: at(undefined), label: "All", active: query.status === undefined },
          ...statuses.map((status) => ({
            href: at(status),
            label: statusWords[status].label,
            active: query.status === status,
          })),
        ]}
      />
    </div>
  );
}
