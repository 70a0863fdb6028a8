"use client";

import { Menu } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import { NavLinks, type NavMark } from "./nav-links";

type Props = { slug: string; mark: NavMark | null; top: ReactNode; bottom: ReactNode };

/** The sidebar of small screens. */
export function Drawer({ slug, mark, top, bottom }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button variant="ghost" size="icon" aria-label={mark ? `Open navigation: ${mark.label}` : "Open navigation"}>
          <Menu />
          {mark && <span aria-hidden className="absolute top-1 right-1 size-2 rounded-full bg-warn" />}
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-40 flex w-72 max-w-[85vw] animate-slide flex-col gap-4 overflow-y-auto border-line border-r bg-sunken p-2.5 shadow-lg outline-none"
        >
          <Dialog.Title className="sr-only">Navigation</Dialog.Title>
          {top}
          <div className="flex-1">
            <NavLinks slug={slug} mark={mark} onGo={() => setOpen(false)} />
          </div>
          {bottom}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
