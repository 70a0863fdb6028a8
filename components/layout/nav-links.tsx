"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { isCurrent, navigation } from "./navigation";

/** Beside a link of the sidebar, with a way of its own: how much waits there for a person. */
export type NavMark = { beside: string; href: string; count: string; label: string };

/** The links of the sidebar. `onGo` closes the drawer that they may stand in. */
export function NavLinks({ slug, mark, onGo }: { slug: string; mark: NavMark | null; onGo?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Main" className="flex flex-col gap-4">
      {navigation(slug).map((group) => (
        <div key={group.label ?? "main"}>
          {group.label && <p className="mb-1 px-2 text-faint text-xs">{group.label}</p>}
          <ul className="flex flex-col gap-px">
            {group.items.map(({ href, label, icon: Icon }) => (
              <li key={href} className="relative">
                <Link
                  href={href}
                  onClick={onGo}
                  aria-current={isCurrent(href, path) ? "page" : undefined}
                  className="flex h-8 items-center gap-2.5 rounded-md px-2 font-medium text-muted text-sm transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:text-ink pointer-coarse:h-11"
                >
                  <Icon aria-hidden className="size-4 shrink-0" />
                  {label}
                </Link>
                {mark?.beside === href && <Mark mark={mark} onGo={onGo} />}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

const Mark = ({ mark, onGo }: { mark: NavMark; onGo: (() => void) | undefined }) => (
  <Link
    href={mark.href}
    onClick={onGo}
    aria-label={mark.label}
    title={mark.label}
    className="absolute inset-y-0 right-1 my-auto inline-flex h-6 min-w-6 items-center justify-center rounded-full bg-warn-soft px-1.5 font-medium text-warn text-xs tabular-nums hover:underline pointer-coarse:h-9 pointer-coarse:min-w-9"
  >
    {mark.count}
  </Link>
);
