"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { navigation } from "./navigation";

const PAIR_MS = 1200;

/** G and then a letter goes somewhere (G A: Automations); ? lists them. Silent while one types or holds a modifier. */
export function GoKeys({ slug }: { slug: string }) {
  const router = useRouter();
  const [listed, setListed] = useState(false);
  const items = navigation(slug).flatMap((group) => group.items);
  useEffect(() => {
    let armedAt = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      const armed = event.timeStamp - armedAt < PAIR_MS;
      armedAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (event.key === "?") setListed(true);
      const item = navigation(slug)
        .flatMap((group) => group.items)
        .find(({ key }) => key === event.key);
      if (armed && item) router.push(item.href);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [slug, router]);
  return (
    <Dialog title="Keyboard shortcuts" open={listed} onOpenChange={setListed}>
      <dl className="space-y-2 text-sm">
        {items.map(({ label, key }) => (
          <div key={key} className="flex items-center justify-between gap-4">
            <dt>{`Go to ${label}`}</dt>
            <dd className="flex gap-1">
              <Kbd>G</Kbd>
              <Kbd>{key.toUpperCase()}</Kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null);
