import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

type Props = {
  title: ReactNode;
  description?: ReactNode;
  /** A badge beside the title. */
  status?: ReactNode;
  actions?: ReactNode;
  back?: { href: string; label: string };
};

/** The top of every page, with its only h1: `<PageHeader title="Connections" description="…" actions={<Button/>} back={{ href, label }} />`. */
export function PageHeader({ title, description, status, actions, back }: Props) {
  return (
    <header className="mb-5">
      {back && (
        <Link
          href={back.href}
          className="mb-2 -ml-1 inline-flex items-center gap-0.5 rounded-sm text-muted text-sm hover:text-ink"
        >
          <ChevronLeft aria-hidden className="size-4" />
          {back.label}
        </Link>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 max-w-full">
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="min-w-0 break-words font-semibold text-xl tracking-tight">{title}</h1>
            {status}
          </div>
          {description && <p className="mt-1 max-w-2xl text-muted">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
    </header>
  );
}
