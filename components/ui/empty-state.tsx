import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { CodeBlock } from "./code-block";

type Props = {
  icon?: LucideIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
  /** A command that would fill this list. */
  command?: string;
  commandLabel?: string;
};

/** Nothing here yet: `<EmptyState title="No sends yet" action={<Button/>} command={curl}>They appear when…</EmptyState>`. */
export function EmptyState({ icon: Icon, title, children, action, command, commandLabel }: Props) {
  return (
    <div className="flex flex-col items-center px-4 py-12 text-center">
      {Icon && (
        <span className="mb-3 grid size-10 place-items-center rounded-lg border border-line bg-surface shadow-sm">
          <Icon aria-hidden className="size-5 text-faint" />
        </span>
      )}
      <h2 className="font-semibold text-lg">{title}</h2>
      <div className="mt-1 max-w-md text-balance text-muted">{children}</div>
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
      {command && <CodeBlock code={command} label={commandLabel} className="mt-5 w-full max-w-xl text-left" />}
    </div>
  );
}
