"use client";

import { Ellipsis, KeyRound, LogOut, UserMinus } from "lucide-react";
import { useState } from "react";
import { goTo } from "@/components/auth/enter";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { DropdownMenu, MenuItem } from "@/components/ui/dropdown-menu";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { roles } from "@/lib/actor";
import {
  type ChangeRoleInput,
  type Member,
  type MemberInput,
  memberChangeRefusal,
  type SecretLink,
} from "@/lib/workspaces/schema";
import { Reserved } from "./reserved";
import { ResetLinkDialog } from "./reset-link-dialog";
import { RoleSelect } from "./role-select";
import { type Me, roleWords } from "./role-words";

type Props = {
  members: Member[];
  me: Me;
  changeRole: Action<ChangeRoleInput, Member>;
  remove: Action<MemberInput>;
  makeResetLink: Action<MemberInput, SecretLink>;
};

/** Everyone in the workspace. What one may not do is not offered, and says why. */
export function Members({ members, me, changeRole, remove, makeResetLink }: Props) {
  const owners = members.filter(({ role }) => role === "owner").length;
  const may = me.role === "owner" || me.role === "admin";
  return (
    <Card
      flush
      title="Members"
      footer={
        <>
          <RoleLegend />
          {!may && (
            <div className="mt-2">
              <Reserved>Your role cannot change members.</Reserved>
            </div>
          )}
        </>
      }
    >
      <Table label="Members">
        <TableHead>
          <Th>Person</Th>
          <Th>Role</Th>
          <Th hide="sm">Joined</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </TableHead>
        <TableBody>
          {members.map((member) => (
            <Tr key={member.user_id}>
              <Td className="w-full max-w-0 sm:w-auto sm:max-w-xs">
                <Person member={member} self={member.user_id === me.userId} />
              </Td>
              <Td>
                <RoleSelect member={member} me={me} owners={owners} change={changeRole} />
              </Td>
              <Td hide="sm">
                <Time at={member.joined_at} className="text-muted" />
              </Td>
              <Td className="text-right">
                <MemberMenu member={member} me={me} owners={owners} remove={remove} makeResetLink={makeResetLink} />
              </Td>
            </Tr>
          ))}
        </TableBody>
      </Table>
    </Card>
  );
}

function RoleLegend() {
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-0.5">
      {roles.map((role) => (
        <div key={role} className="col-span-2 grid grid-cols-subgrid">
          <dt className="font-medium text-ink">{roleWords[role].label}</dt>
          <dd>{roleWords[role].may}</dd>
        </div>
      ))}
    </dl>
  );
}

function Person({ member, self }: { member: Member; self: boolean }) {
  return (
    <div className="min-w-0">
      <span className="flex min-w-0 items-center gap-2">
        <span className="truncate font-medium">{member.name ?? member.email}</span>
        {self && <Badge>You</Badge>}
      </span>
      {member.name && <span className="block truncate text-muted">{member.email}</span>}
    </div>
  );
}

type MenuProps = Pick<Props, "me" | "remove" | "makeResetLink"> & { member: Member; owners: number };

function MemberMenu({ member, me, owners, remove, makeResetLink }: MenuProps) {
  const [open, setOpen] = useState<"remove" | "reset" | null>(null);
  const self = member.user_id === me.userId;
  const refusal = memberChangeRefusal({ by: me.role, from: member.role, to: null, self, owners });
  const mayReset = me.role === "owner" && !self;
  const who = member.name ?? member.email;
  const show = (which: "remove" | "reset") => (next: boolean) => setOpen(next ? which : null);
  if (refusal && !mayReset) return <span className="sr-only">{refusal}</span>;
  return (
    <>
      <DropdownMenu
        trigger={
          <Button variant="ghost" size="icon" aria-label={`Actions for ${member.email}`}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {mayReset && (
          <MenuItem onSelect={() => setOpen("reset")}>
            <KeyRound aria-hidden /> Make password link
          </MenuItem>
        )}
        <MenuItem tone="bad" disabled={refusal !== null} onSelect={() => setOpen("remove")}>
          {self ? <LogOut aria-hidden /> : <UserMinus aria-hidden />}
          <span>
            {self ? "Leave workspace" : "Remove from workspace"}
            {refusal && <span className="block text-muted text-xs">{refusal}</span>}
          </span>
        </MenuItem>
      </DropdownMenu>
      <ConfirmDialog
        title={self ? "Leave this workspace?" : `Remove ${who}?`}
        description={
          self
            ? "You lose access at once. Someone has to invite you to come back."
            : `${who} loses access at once. What they made stays.`
        }
        confirm={self ? "Leave workspace" : "Remove"}
        open={open === "remove"}
        onOpenChange={show("remove")}
        action={remove}
        input={{ user_id: member.user_id }}
        success={self ? undefined : `${who} was removed.`}
        onSuccess={() => self && goTo("/")}
      />
      <ResetLinkDialog
        member={member}
        open={open === "reset"}
        onOpenChange={show("reset")}
        makeResetLink={makeResetLink}
      />
    </>
  );
}
