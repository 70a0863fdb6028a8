import Link from "next/link";
import type { ComponentProps } from "react";
import { classes } from "./classes";

/**
 * ```
 * <Table label="Sends">
 *   <TableHead><Th>To</Th><Th hide="sm">Sent</Th></TableHead>
 *   <TableBody><Tr><Td><RowLink href="…">a@example.com</RowLink></Td><Td hide="sm">…</Td></Tr></TableBody>
 * </Table>
 * ```
 * Scrolls sideways in its own frame on small screens; `hide="sm" | "md" | "lg"` leaves a column out below that width.
 * `<RowLink>` makes the whole row a target and stays one link for keyboards and screen readers.
 */
export function Table({ label, className, ...props }: ComponentProps<"table"> & { label: string }) {
  return (
    <div className="relative w-full overflow-x-auto">
      <table aria-label={label} className={classes("w-full border-collapse text-left text-sm", className)} {...props} />
    </div>
  );
}

export function TableHead({ children, ...props }: ComponentProps<"thead">) {
  return (
    <thead {...props}>
      <tr className="border-line border-b">{children}</tr>
    </thead>
  );
}

export function TableBody({ className, ...props }: ComponentProps<"tbody">) {
  return <tbody className={classes("[&>tr:last-child]:border-b-0", className)} {...props} />;
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return (
    <tr
      className={classes(
        "relative border-line border-b has-[a[data-row]]:hover:bg-hover has-[a[data-row]:focus-visible]:bg-hover",
        className,
      )}
      {...props}
    />
  );
}

const hidden = { sm: "hidden sm:table-cell", md: "hidden md:table-cell", lg: "hidden lg:table-cell" };
type Cell = { hide?: keyof typeof hidden; numeric?: boolean };
const cellClasses = ({ hide, numeric }: Cell) =>
  classes("px-4 first:sm:pl-5 last:sm:pr-5", hide && hidden[hide], numeric && "text-right tabular-nums");

export function Th({ hide, numeric, className, ...props }: ComponentProps<"th"> & Cell) {
  return (
    <th
      scope="col"
      className={classes(
        "h-9 whitespace-nowrap font-medium text-faint text-xs",
        cellClasses({ hide, numeric }),
        className,
      )}
      {...props}
    />
  );
}

export function Td({ hide, numeric, className, ...props }: ComponentProps<"td"> & Cell) {
  return <td className={classes("h-11 py-2 align-middle", cellClasses({ hide, numeric }), className)} {...props} />;
}

/** The link of a row; put it in the first cell. Other links and buttons of the row need `className="relative z-10"`. */
export function RowLink({ className, ...props }: ComponentProps<typeof Link>) {
  return (
    <Link
      data-row=""
      className={classes("font-medium text-ink after:absolute after:inset-0 focus-visible:outline-offset-4", className)}
      {...props}
    />
  );
}
