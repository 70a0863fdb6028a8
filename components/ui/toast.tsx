"use client";

import { Toaster as Sonner } from "sonner";

export { toast } from "sonner";

/**
 * Stands once, in the root layout. Anywhere in the browser: `toast.success("Saved.")`, `toast.error("…")`.
 * A toast confirms what the eye can see elsewhere too; what must be read belongs in a `<Banner>`.
 */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      gap={8}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-full items-center gap-2.5 rounded-lg border border-line bg-raised px-3.5 py-2.5 text-ink text-sm shadow-lg sm:w-89",
          description: "text-muted",
          error: "[&_[data-icon]]:text-bad",
          success: "[&_[data-icon]]:text-good",
        },
      }}
    />
  );
}
