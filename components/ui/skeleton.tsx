import { classes } from "./classes";

/** The place of something that is being read: `<Skeleton className="h-4 w-40" />`. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classes("h-4 animate-pulse rounded-md bg-hover", className)} />;
}

/** For a `loading.tsx`: a heading and some rows. */
export function PageSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-7 w-48" />
      <div className="mt-6 space-y-3">
        {Array.from({ length: rows }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
          <Skeleton key={row} className="h-9 w-full" />
        ))}
      </div>
    </div>
  );
}
