import type { ReactNode } from "react";
import { Logo } from "./logo";

type Props = { title: ReactNode; description?: ReactNode; footer?: ReactNode; children: ReactNode };

/** The frame of pages without a workspace: `<AuthFrame title="Sign in" footer={<Link …/>}><Form …/></AuthFrame>`. Holds `<main>` and the h1. */
export function AuthFrame({ title, description, footer, children }: Props) {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center bg-sunken px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-5 flex items-center justify-center gap-2">
          <Logo className="size-7" />
          <span className="font-semibold text-lg tracking-tight">gflux</span>
        </div>
        <div className="rounded-xl border border-line bg-surface px-5 py-6 shadow-md sm:px-7">
          <h1 className="break-words text-center font-semibold text-xl tracking-tight">{title}</h1>
          {description && <p className="mt-1 text-balance break-words text-center text-muted">{description}</p>}
          <div className="mt-5">{children}</div>
        </div>
        {footer && (
          <div className="mt-4 text-center text-muted text-sm [&_a]:underline [&_a]:underline-offset-2">{footer}</div>
        )}
      </div>
    </main>
  );
}
