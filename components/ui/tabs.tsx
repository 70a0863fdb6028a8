"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { Tabs as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { classes } from "./classes";

const rail = "flex gap-1 overflow-x-auto border-line border-b [scrollbar-width:none]";
const tab =
  "-mb-px inline-flex h-9 shrink-0 items-center gap-1.5 whitespace-nowrap border-b-2 border-transparent px-2 font-medium text-muted text-sm hover:text-ink focus-visible:-outline-offset-2 pointer-coarse:h-11";

type Item = { value: string; label: ReactNode; content: ReactNode };

type TabsProps = {
  label: string;
  items: Item[];
  defaultValue?: string;
  /** With `onValueChange`, when the choice is held outside. */
  value?: string;
  onValueChange?: (value: string) => void;
};

/** Parts of one page: `<Tabs label="Profile" items={[{ value: "a", label: "Activity", content: … }]} />`. */
export function Tabs({ label, items, defaultValue, ...held }: TabsProps) {
  return (
    <Primitive.Root defaultValue={defaultValue ?? items[0]?.value} {...held}>
      <Primitive.List aria-label={label} className={rail}>
        {items.map((item) => (
          <Primitive.Trigger
            key={item.value}
            value={item.value}
            className={classes(tab, "data-[state=active]:border-ink data-[state=active]:text-ink")}
          >
            {item.label}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {items.map((item) => (
        <Primitive.Content key={item.value} value={item.value} className="pt-4 focus-visible:outline-offset-4">
          {item.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}

type LinkItem = { href: string; label: ReactNode; count?: number };

/** Pages beside each other: `<NavTabs label="Automation" items={[{ href, label }]} />`. The current one is the longest href that the path starts with. */
export function NavTabs({ label, items }: { label: string; items: LinkItem[] }) {
  const path = usePathname();
  const current = items
    .filter((item) => path === item.href || path.startsWith(`${item.href}/`))
    .sort((a, b) => b.href.length - a.href.length)[0];
  return (
    <nav aria-label={label} className={rail}>
      {items.map((item) => (
        <Link
          key={item.href}
          href={item.href}
          aria-current={item === current ? "page" : undefined}
          className={classes(tab, "aria-[current=page]:border-ink aria-[current=page]:text-ink")}
        >
          {item.label}
          {item.count !== undefined && <span className="text-faint tabular-nums">{item.count}</span>}
        </Link>
      ))}
    </nav>
  );
}

type Filter = { href: string; label: ReactNode; active: boolean };

/** One of several views of a list, as links in a row: `<FilterLinks label="Status" items={[{ href, label, active }]} />`. */
export function FilterLinks({ label, items }: { label: string; items: Filter[] }) {
  return (
    <nav aria-label={label} className="flex flex-wrap gap-1">
      {items.map((item) => (
        <Link
          key={item.href}
          href={item.href}
          aria-current={item.active ? "true" : undefined}
          className="inline-flex h-7 items-center rounded-md border border-transparent px-2 font-medium text-muted text-sm hover:bg-hover hover:text-ink aria-[current=true]:border-line-strong aria-[current=true]:bg-surface aria-[current=true]:text-ink aria-[current=true]:shadow-sm pointer-coarse:h-9"
        >
          {item.label}
        </Link>
      ))}
    </nav>
  );
}
