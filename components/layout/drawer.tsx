"use client";

import { Menu } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import { NavLinks } from "./nav-links";

/** The sidebar of small screens. */
export function Drawer({ slug, top, bottom }: { slug: string; top: ReactNode; bottom: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button variant="ghost" size="icon" aria-label="Open navigation">
          <Menu />
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
            <NavLinks slug={slug} onGo={() => setOpen(false)} />
          </div>
          {bottom}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
