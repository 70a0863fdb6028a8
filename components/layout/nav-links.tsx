"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { isCurrent, navigation } from "./navigation";

/** The links of the sidebar. `onGo` closes the drawer that they may stand in. */
export function NavLinks({ slug, onGo }: { slug: string; onGo?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Main" className="flex flex-col gap-4">
      {navigation(slug).map((group) => (
        <div key={group.label ?? "main"}>
          {group.label && <p className="mb-1 px-2 text-faint text-xs">{group.label}</p>}
          <ul className="flex flex-col gap-px">
            {group.items.map(({ href, label, icon: Icon }) => (
              <li key={href}>
                <Link
                  href={href}
                  onClick={onGo}
                  aria-current={isCurrent(href, path) ? "page" : undefined}
                  className="flex h-8 items-center gap-2.5 rounded-md px-2 font-medium text-muted text-sm transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:text-ink pointer-coarse:h-11"
                >
                  <Icon aria-hidden className="size-4 shrink-0" />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
