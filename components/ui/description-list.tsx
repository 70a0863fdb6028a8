import type { ReactNode } from "react";

type Item = { term: string; value: ReactNode };

/** Facts of one thing: `<DescriptionList items={[{ term: "Server", value: "Production" }]} />`. Null values show a dash. */
export function DescriptionList({ items }: { items: Item[] }) {
  return (
    <dl className="grid grid-cols-1 gap-x-6 text-sm sm:grid-cols-[minmax(8rem,max-content)_1fr]">
      {items.map((item) => (
        <div key={item.term} className="grid grid-cols-subgrid py-1.5 sm:col-span-2">
          <dt className="text-muted">{item.term}</dt>
          <dd className="min-w-0 break-words text-ink">{item.value ?? <span className="text-faint">—</span>}</dd>
        </div>
      ))}
    </dl>
  );
}
