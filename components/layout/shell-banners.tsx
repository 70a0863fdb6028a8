"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";

type Trouble = { id: string; title: string; why: string; href: string; fix: string };

/** What everybody must know on every page, above it: but on the page that they lead to, which says it itself. Nothing when all is well. */
export function ShellBanners({ stopped, troubles: all }: { stopped: ReactNode; troubles: Trouble[] }) {
  const here = usePathname();
  const troubles = all.filter(({ href }) => href !== here);
  if (!stopped && troubles.length === 0) return null;
  return (
    <section aria-label="Notices" className="mx-auto flex w-full max-w-6xl flex-col gap-2 px-4 pt-4 sm:px-6 lg:px-8">
      {stopped}
      {troubles.map((trouble) => (
        <Banner
          key={trouble.id}
          tone="bad"
          title={trouble.title}
          action={
            <Button asChild size="sm">
              <Link href={trouble.href}>{trouble.fix}</Link>
            </Button>
          }
        >
          {trouble.why}
        </Banner>
      ))}
    </section>
  );
}
