import type { ReactNode } from "react";
import { classes } from "./classes";

type Props = {
  title?: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  footer?: ReactNode;
  /** No padding inside: for tables and lists. */
  flush?: boolean;
  className?: string;
  children?: ReactNode;
};

/** A framed part of a page: `<Card title="Webhook" description="…" actions={<Button/>}>…</Card>`. */
export function Card({ title, description, actions, footer, flush = false, className, children }: Props) {
  const head = title !== undefined || actions !== undefined;
  return (
    <section className={classes("min-w-0 rounded-lg border border-line bg-surface shadow-sm", className)}>
      {head && (
        <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-3.5 sm:px-5">
          <div className="min-w-0 flex-1 basis-60">
            <h2 className="font-semibold text-base text-ink">{title}</h2>
            {description && <p className="mt-0.5 text-muted text-sm">{description}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      {children && <div className={flush ? (head ? "mt-3" : "") : "px-4 py-4 sm:px-5"}>{children}</div>}
      {footer && <footer className="border-line border-t px-4 py-3 text-muted text-sm sm:px-5">{footer}</footer>}
    </section>
  );
}
