"use client";

import { type ReactNode, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { type Action, useAction } from "./use-action";

type Props<I, T> = {
  title: string;
  /** What will happen, and whether it can be undone. */
  description: ReactNode;
  confirm: string;
  tone?: "danger" | "primary";
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  action: Action<I, T>;
  input: I;
  success?: string;
  onSuccess?: (value: T) => void;
  children?: ReactNode;
};

/**
 * Asks before a server action: `<ConfirmDialog title="Delete the key?" description="…" confirm="Delete key" trigger={<Button/>} action={remove} input={{ id }} />`.
 * Stays open with the reason when it is refused.
 */
export function ConfirmDialog<I, T>({ tone = "danger", action, input, success, onSuccess, ...props }: Props<I, T>) {
  const [own, setOwn] = useState(false);
  const open = props.open ?? own;
  const setOpen = (next: boolean) => {
    if (!next) clear();
    setOwn(next);
    props.onOpenChange?.(next);
  };
  const { run, pending, error, clear } = useAction(action, {
    success,
    onSuccess: (value) => {
      setOpen(false);
      onSuccess?.(value);
    },
  });
  return (
    <Dialog
      title={props.title}
      description={props.description}
      trigger={props.trigger}
      open={open}
      onOpenChange={setOpen}
    >
      {props.children}
      {error && (
        <Banner tone="bad" live className="mt-3">
          {error.detail}
        </Banner>
      )}
      <DialogActions>
        <DialogClose>
          <Button>Cancel</Button>
        </DialogClose>
        <Button variant={tone} pending={pending} onClick={() => run(input)}>
          {props.confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
