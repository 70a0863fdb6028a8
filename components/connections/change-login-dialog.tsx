"use client";

import { type ReactNode, useState } from "react";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import type { Connection } from "@/lib/connections/schema";

type Fields = Record<string, unknown>;
type Props = {
  title: string;
  description: string;
  trigger: ReactNode;
  /** The connection's. */
  id: string;
  change: FormAction<Connection>;
  /** What is sent of the fields; all of them unless told. */
  read?: (fields: Fields) => Fields;
  confirm?: string;
  /** Said when the provider took it and mail leaves. */
  works: string;
  children: ReactNode;
};

/** Asks for another login of a connection; it is validated and saved whatever comes of that. */
export function ChangeLoginDialog({ id, change, read, works, children, ...words }: Props) {
  const { confirm = "Validate and save", ...dialog } = words;
  const [open, setOpen] = useState(false);
  const done = (changed: Connection) => {
    setOpen(false);
    if (changed.last_error !== null) toast.error(changed.last_error);
    else toast.success(changed.status === "ready" ? works : "It works; the connection is still disabled.");
  };
  return (
    <Dialog {...dialog} open={open} onOpenChange={setOpen}>
      <Form action={change} read={(fields) => ({ ...(read ? read(fields) : fields), id })} onSuccess={done}>
        {children}
        <DialogActions>
          <DialogClose>
            <Button>Cancel</Button>
          </DialogClose>
          <SubmitButton>{confirm}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
