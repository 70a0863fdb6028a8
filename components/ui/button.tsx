import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { classes } from "./classes";
import { Spinner } from "./spinner";

const buttonClasses = cva(
  [
    "relative inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium",
    "transition-colors duration-100 disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50",
    "[&_svg]:shrink-0 [&_svg:not([class*=size-])]:size-4",
  ],
  {
    variants: {
      variant: {
        primary: "bg-ink text-on-ink shadow-sm hover:bg-ink/85",
        secondary: "border border-line-strong bg-surface text-ink shadow-sm hover:bg-hover",
        ghost: "text-muted hover:bg-hover hover:text-ink",
        danger: "bg-bad-solid text-white shadow-sm hover:bg-bad-solid/85",
        link: "h-auto rounded-sm px-0 text-accent underline-offset-2 hover:underline",
      },
      size: {
        sm: "h-7 px-2 text-sm pointer-coarse:h-9",
        md: "h-8 px-3 text-sm pointer-coarse:h-10",
        lg: "h-9 px-4 text-base pointer-coarse:h-11",
        icon: "size-8 pointer-coarse:size-10",
      },
    },
    compoundVariants: [{ variant: "link", class: "h-auto px-0 pointer-coarse:h-auto" }],
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

type Props = ComponentProps<"button"> & VariantProps<typeof buttonClasses> & { asChild?: boolean; pending?: boolean };

/**
 * `<Button variant="primary" onClick={…}>Save</Button>`; a link that looks like one: `<Button asChild><Link href="…">New</Link></Button>`.
 * `pending` shows a spinner, keeps the width and refuses clicks. An icon alone needs `size="icon"` and an `aria-label`.
 */
export function Button({ variant, size, asChild, pending, className, children, disabled, ...props }: Props) {
  const look = classes(buttonClasses({ variant, size }), className);
  if (asChild)
    return (
      <Slot.Root className={look} {...props}>
        {children}
      </Slot.Root>
    );
  return (
    <button type="button" className={look} disabled={disabled || pending} aria-busy={pending || undefined} {...props}>
      {pending && (
        <span className="absolute inset-0 grid place-items-center">
          <Spinner />
        </span>
      )}
      <span className={classes("inline-flex items-center gap-1.5", pending && "opacity-0")}>{children}</span>
    </button>
  );
}
