import { AutomationSelect } from "@/components/automations/automation-select";
import { SearchBox } from "@/components/ui/search-box";
import { FilterLinks } from "@/components/ui/tabs";
import type { SendStatus, WaitingSends } from "@/lib/sends/schema";
import { countWords } from "./decision-words";
import { type SendQuery, sendsHref } from "./send-query";
import { statusWords } from "./status-badge";

const settled: SendStatus[] = ["sent", "delivered", "bounced", "complained", "failed", "skipped"];

type Props = {
  path: string;
  query: SendQuery;
  automations: { id: string; name: string }[];
  waiting: WaitingSends;
};

/** What of the log is shown: by words, by automation, by status and by why it waits. All of it stands in the address. */
export function SendFilters({ path, query, automations, waiting }: Props) {
  const at = (asked: Partial<SendQuery>) =>
    sendsHref(path, { ...query, status: undefined, held: undefined, reason: undefined, cursor: undefined, ...asked });
  const byStatus = (status: SendStatus) => ({
    href: at({ status }),
    label: statusWords[status].label,
    active: query.status === status,
  });
  const other = query.status === "sending" ? [byStatus(query.status)] : [];
  const isHeld = query.held === "true";
  return (
    <div className="mb-4 space-y-3">
      <SearchBox
        path={path}
        label="Search sends"
        placeholder="Address, subject or id"
        value={query.q}
        keep={{ status: query.status, held: query.held, reason: query.reason }}
      >
        <AutomationSelect
          aria-label="Automation"
          automations={automations}
          value={query.automation_id}
          className="basis-40 sm:max-w-56"
        />
      </SearchBox>
      <FilterLinks
        label="Status"
        items={[
          { href: at({}), label: "All", active: !query.status && !query.held && !query.reason },
          byStatus("queued"),
          { href: at({ held: "true" }), label: <Counted label="Held" count={waiting.held} />, active: isHeld },
          {
            ...byStatus("unknown"),
            label: <Counted label={statusWords.unknown.label} count={waiting.unknown} />,
          },
          ...settled.map(byStatus),
          ...other,
        ]}
      />
      {isHeld && (
        <FilterLinks
          label="Why held"
          items={[
            { href: at({ held: "true" }), label: "All held", active: !query.reason },
            {
              href: at({ held: "true", reason: "late" }),
              label: <Counted label="Late" count={waiting.late} />,
              active: query.reason === "late",
            },
          ]}
        />
      )}
      {query.status === "unknown" && (
        <FilterLinks
          label="Why unknown"
          items={[
            { href: at({ status: "unknown" }), label: "All unknown", active: !query.reason },
            {
              href: at({ status: "unknown", reason: "cannot_know" }),
              label: <Counted label="Cannot be looked up" count={waiting.cannotKnow} />,
              active: query.reason === "cannot_know",
            },
          ]}
        />
      )}
    </div>
  );
}

const Counted = ({ label, count }: { label: string; count: number }) => (
  <>
    {label}
    {count > 0 && <span className="ml-1.5 tabular-nums">{countWords(count)}</span>}
  </>
);
