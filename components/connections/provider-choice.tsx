import { ChevronRight, Mail, Server } from "lucide-react";
import Link from "next/link";

/** The first step of adding a connection: what it speaks to. */
export function ProviderChoice({ path }: { path: string }) {
  return (
    <ul className="grid gap-3 sm:grid-cols-2">
      <li className="relative flex items-start gap-3 rounded-lg border border-line-strong bg-surface p-4 shadow-sm hover:border-ink">
        <Mail aria-hidden className="mt-0.5 size-5 shrink-0 text-accent" />
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">
            <Link href={`${path}/new/postmark`} className="after:absolute after:inset-0 after:rounded-lg">
              Postmark
            </Link>
          </h2>
          <p className="mt-0.5 text-muted text-sm">
            Native: server token, message streams, and deliveries, opens, clicks and bounces that come back by webhook.
          </p>
        </div>
        <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-faint" />
      </li>
      <li className="relative flex items-start gap-3 rounded-lg border border-line-strong bg-surface p-4 shadow-sm hover:border-ink">
        <Server aria-hidden className="mt-0.5 size-5 shrink-0 text-accent" />
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">
            <Link href={`${path}/new/smtp`} className="after:absolute after:inset-0 after:rounded-lg">
              Custom SMTP
            </Link>
          </h2>
          <p className="mt-0.5 text-muted text-sm">
            Any mail server. It sends; what becomes of an email only Postmark’s SMTP reports. It can move to native
            later.
          </p>
        </div>
        <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-faint" />
      </li>
    </ul>
  );
}
