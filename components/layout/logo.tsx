import { classes } from "@/components/ui/classes";

/** The mark: something happens, and flows on. Coloured by the text colour around it but for the current. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true" className={classes("size-6 shrink-0", className)}>
      <rect width="24" height="24" rx="6" className="fill-ink" />
      <path
        d="M6.5 15.75h1.6c3.9 0 3.9-7.5 7.8-7.5h1.6"
        className="stroke-on-ink"
        strokeWidth="2.1"
        strokeLinecap="round"
      />
      <circle cx="6.9" cy="8.4" r="1.75" className="fill-[oklch(0.72_0.15_262)]" />
      <circle cx="17.1" cy="15.6" r="1.75" className="fill-[oklch(0.72_0.15_262)]" />
    </svg>
  );
}
