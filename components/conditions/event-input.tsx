import type { ComponentProps } from "react";
import { classes } from "@/components/ui/classes";
import { Input } from "@/components/ui/input";

type Props = Omit<ComponentProps<typeof Input>, "value" | "onChange"> & {
  value: string;
  onValueChange: (event: string) => void;
};

/** The name of an event, as the product sends it. */
export const EventInput = ({ onValueChange, className, ...props }: Props) => (
  <Input
    {...props}
    className={classes("font-mono", className)}
    onChange={({ target }) => onValueChange(target.value)}
    autoComplete="off"
    autoCapitalize="none"
    spellCheck={false}
  />
);
