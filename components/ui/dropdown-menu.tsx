"use client";

import { Check } from "lucide-react";
import { DropdownMenu as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";

type Props = {
  trigger: ReactNode;
  align?: "start" | "end";
  side?: "bottom" | "top";
  className?: string;
  /** Prevent its default where a choice moves the focus elsewhere; otherwise the trigger gets it back. */
  onCloseAutoFocus?: (event: Event) => void;
  children: ReactNode;
};

/**
 * `<DropdownMenu trigger={<Button size="icon" aria-label="More"><Ellipsis/></Button>}><MenuItem onSelect={…}>Rename</MenuItem></DropdownMenu>`.
 * Also: `<MenuItem asChild><Link/></MenuItem>`, `<MenuItem tone="bad">`, `<MenuRadio value onValueChange options>`, `<MenuLabel>`, `<MenuLine/>`.
 * Stands where it is written, not at the end of the body, so that it belongs to the landmark (or dialog) it was opened from.
 */
export function DropdownMenu({
  trigger,
  align = "end",
  side = "bottom",
  className,
  onCloseAutoFocus,
  children,
}: Props) {
  return (
    <Primitive.Root modal={false}>
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Content
        align={align}
        side={side}
        sideOffset={4}
        collisionPadding={8}
        onCloseAutoFocus={onCloseAutoFocus}
        className={classes(
          "z-50 max-h-[70vh] min-w-44 max-w-80 animate-appear overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-lg outline-none",
          className,
        )}
      >
        {children}
      </Primitive.Content>
    </Primitive.Root>
  );
}

const itemClasses =
  "flex w-full cursor-default select-none items-center gap-2 rounded-md px-2 py-1.5 text-left text-ink text-sm outline-none data-highlighted:bg-hover data-disabled:opacity-50 pointer-coarse:py-2.5 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-faint";

export function MenuItem({ tone, className, ...props }: ComponentProps<typeof Primitive.Item> & { tone?: "bad" }) {
  return (
    <Primitive.Item
      className={classes(itemClasses, tone === "bad" && "text-bad [&_svg]:text-bad", className)}
      {...props}
    />
  );
}

export const MenuLine = () => <Primitive.Separator className="-mx-1 my-1 h-px bg-line" />;

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Primitive.Label className="truncate px-2 py-1.5 text-faint text-xs">{children}</Primitive.Label>;
}

type RadioProps = {
  value: string;
  onValueChange: (value: string) => void;
  options: { value: string; label: string; icon?: ReactNode }[];
};

/** One of several, ticked. */
export function MenuRadio({ value, onValueChange, options }: RadioProps) {
  return (
    <Primitive.RadioGroup value={value} onValueChange={onValueChange}>
      {options.map((option) => (
        <Primitive.RadioItem key={option.value} value={option.value} className={itemClasses}>
          {option.icon}
          <span className="flex-1">{option.label}</span>
          <Primitive.ItemIndicator>
            <Check />
          </Primitive.ItemIndicator>
        </Primitive.RadioItem>
      ))}
    </Primitive.RadioGroup>
  );
}
