"use client";

import { UserPlus } from "lucide-react";
import { useState } from "react";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { CopyField } from "@/components/ui/copy-field";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { RadioCards } from "@/components/ui/radio-cards";
import { roles } from "@/lib/actor";
import { type InviteFields, inviteInput, type NewInvitation } from "@/lib/workspaces/schema";
import { type Me, roleWords } from "./role-words";

type Props = { me: Me; invite: Action<InviteFields, NewInvitation>; disabled: boolean };

/** Makes an invitation and shows its link once. */
export function InviteDialog({ me, invite, disabled }: Props) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewInvitation | null>(null);
  const change = (next: boolean) => {
    if (!next) setMade(null);
    setOpen(next);
  };
  return (
    <Dialog
      title={made ? "Invitation made" : "Invite someone"}
      description={made ? "Hand over this link. It is shown only now." : undefined}
      open={open}
      onOpenChange={change}
      trigger={
        <Button variant="primary" disabled={disabled}>
          <UserPlus aria-hidden /> Invite
        </Button>
      }
    >
      {made ? <Made invitation={made} /> : <InviteForm me={me} invite={invite} onMade={setMade} />}
    </Dialog>
  );
}

type FormProps = Pick<Props, "me" | "invite"> & { onMade: (made: NewInvitation) => void };

function InviteForm({ me, invite, onMade }: FormProps) {
  const [role, setRole] = useState("marketer");
  return (
    <Form action={invite} schema={inviteInput} onSuccess={onMade}>
      <Field name="email" label="Email" optional hint="When given, only this address can accept.">
        <Input type="email" autoComplete="off" inputMode="email" />
      </Field>
      <RadioCards
        legend="Role"
        name="role"
        value={role}
        onValueChange={setRole}
        options={[...roles].reverse().map((value) => ({
          value,
          label: roleWords[value].label,
          description:
            value === "owner" && me.role !== "owner" ? "Only an owner can make owners." : roleWords[value].may,
          disabled: value === "owner" && me.role !== "owner",
        }))}
      />
      <DialogActions>
        <DialogClose>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Make link</SubmitButton>
      </DialogActions>
    </Form>
  );
}

function Made({ invitation }: { invitation: NewInvitation }) {
  const whom = invitation.email ?? "One person";
  return (
    <>
      <CopyField
        label="Invitation link"
        value={invitation.url}
        hint={`${whom} can join as ${roleWords[invitation.role].label.toLowerCase()} with it, within seven days.`}
      />
      <DialogActions>
        <DialogClose>
          <Button variant="primary">Done</Button>
        </DialogClose>
      </DialogActions>
    </>
  );
}
