"use client";

import { type ComponentProps, useEffect } from "react";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { type Action, useAction } from "./use-action";

type Props<I, T> = Omit<ComponentProps<typeof Button>, "onClick" | "pending" | "asChild"> & {
  action: Action<I, T>;
  input: I;
  success?: string;
  refresh?: boolean;
  onSuccess?: (value: T) => void;
};

/** A server action on a click: `<ActionButton action={resume} input={{ id }} success="Resumed.">Resume</ActionButton>`. Refusals are toasts. */
export function ActionButton<I, T>({ action, input, success, refresh, onSuccess, ...props }: Props<I, T>) {
  const { run, pending, error } = useAction(action, { success, refresh, onSuccess });
  useEffect(() => {
    if (error) toast.error(error.detail);
  }, [error]);
  return <Button {...props} pending={pending} onClick={() => run(input)} />;
}
