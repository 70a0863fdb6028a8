import type { ReactNode } from "react";

type Props = {
  /** What the way is called as a group; `shown` writes it above, too. */
  name: string;
  shown?: boolean;
  /** The path that messages about it begin with. */
  path?: string;
  children: ReactNode;
};

/** One of the ways on from a step, set off by a line. Narrow on phones, so that five levels still fit. */
export function WayOf({ name, shown = false, path, children }: Props) {
  return (
    <fieldset data-path={path} className="min-w-0 border-line-strong border-l-2 pl-1.5 sm:pl-4">
      <legend className="sr-only">{name}</legend>
      {shown && (
        <p aria-hidden className="mb-2 font-medium text-sm">
          {name}
        </p>
      )}
      {children}
    </fieldset>
  );
}
