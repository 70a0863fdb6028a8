import { LoaderCircle } from "lucide-react";
import { classes } from "./classes";

/** `<Spinner />` where something is being waited for; give `label` when no text beside it says so. */
export function Spinner({ label, className }: { label?: string; className?: string }) {
  return (
    <>
      <LoaderCircle aria-hidden className={classes("size-4 animate-spin", className)} />
      {label && <span className="sr-only">{label}</span>}
    </>
  );
}
