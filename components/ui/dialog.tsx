"use client";

import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";
import { classes } from "./classes";

type Props = {
  title: string;
  description?: ReactNode;
  /** What opens it; leave out when `open` is held outside. */
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  size?: "md" | "lg";
  children?: ReactNode;
};

const widths = { md: "sm:max-w-md", lg: "sm:max-w-2xl" };

/** `<Dialog title="Invite" trigger={<Button>Invite</Button>}>…</Dialog>`, or with `open` and `onOpenChange`. Holds and returns focus; Esc closes. */
export function Dialog({ title, description, trigger, size = "md", children, ...state }: Props) {
  return (
    <Primitive.Root {...state}>
      {trigger && <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>}
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 animate-appear bg-scrim" />
        <Primitive.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={classes(
            "fixed inset-x-3 top-[max(1rem,12vh)] z-50 mx-auto flex max-h-[80vh] animate-appear flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-lg outline-none",
            widths[size],
          )}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-4">
            <div className="min-w-0">
              <Primitive.Title className="font-semibold text-lg">{title}</Primitive.Title>
              {description && (
                <Primitive.Description asChild>
                  <div className="mt-1 text-muted text-sm">{description}</div>
                </Primitive.Description>
              )}
            </div>
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon" aria-label="Close" className="-mt-1 -mr-2">
                <X />
              </Button>
            </Primitive.Close>
          </header>
          <div className="overflow-y-auto px-5 py-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The row of buttons that ends a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>;
}

/** Closes the dialog it stands in: `<DialogClose><Button>Cancel</Button></DialogClose>`. */
export function DialogClose({ children }: { children: ReactNode }) {
  return <Primitive.Close asChild>{children}</Primitive.Close>;
}
