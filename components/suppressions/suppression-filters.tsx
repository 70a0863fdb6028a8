import { hrefWith } from "@/components/ui/href";
import { SearchBox } from "@/components/ui/search-box";
import { FilterLinks } from "@/components/ui/tabs";
import { type SuppressionReason, suppressionReason } from "@/lib/suppressions/schema";
import type { SuppressionQuery } from "./suppression-query";
import { reasonLabels } from "./suppression-words";

/** Which suppressions are shown: by the beginning of the address, by reason. */
export function SuppressionFilters({ path, query }: { path: string; query: SuppressionQuery }) {
  const at = (reason: SuppressionReason | undefined) => hrefWith(path, { q: query.q, reason });
  return (
    <div className="mb-4 space-y-3">
      <SearchBox
        path={path}
        label="Search suppressions"
        placeholder="Beginning of an address"
        value={query.q}
        keep={{ reason: query.reason }}
      />
      <FilterLinks
        label="Reason"
        items={[
          { href: at(undefined), label: "All", active: query.reason === undefined },
          ...suppressionReason.options.map((reason) => ({
            href: at(reason),
            label: reasonLabels[reason].label,
            active: query.reason === reason,
          })),
        ]}
      />
    </div>
  );
}
