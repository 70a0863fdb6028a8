"use client";

import { useState } from "react";
import { type Action, useAction } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyField } from "@/components/ui/copy-field";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import type { Member, MemberInput, SecretLink } from "@/lib/workspaces/schema";

type Props = {
  member: Member;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  makeResetLink: Action<MemberInput, SecretLink>;
};

/** Makes a password link and shows it once. */
export function ResetLinkDialog({ member, open, onOpenChange, makeResetLink }: Props) {
  const [link, setLink] = useState<SecretLink | null>(null);
  const { run, pending, error, clear } = useAction(makeResetLink, { onSuccess: setLink, refresh: false });
  const change = (next: boolean) => {
    if (!next) {
      setLink(null);
      clear();
    }
    onOpenChange(next);
  };
  return (
    <Dialog
      title="Password link"
      description={`With it ${member.email} sets a new password. It works once and for 24 hours, and is shown only now.`}
      open={open}
      onOpenChange={change}
    >
      {error && (
        <Banner tone="bad" live>
          {error.detail}
        </Banner>
      )}
      {link && (
        <CopyField label="Link" value={link.url} hint="Whoever holds it becomes this person: hand it over safely." />
      )}
      <DialogActions>
        <DialogClose>
          <Button>{link ? "Done" : "Cancel"}</Button>
        </DialogClose>
        {!link && (
          <Button variant="primary" pending={pending} onClick={() => run({ user_id: member.user_id })}>
            Make link
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
