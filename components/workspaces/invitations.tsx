"use client";

import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Invitation, InvitationInput, InviteFields, NewInvitation } from "@/lib/workspaces/schema";
import { InviteDialog } from "./invite-dialog";
import { type Me, roleWords } from "./role-words";

type Props = {
  invitations: Invitation[];
  me: Me;
  invite: Action<InviteFields, NewInvitation>;
  revoke: Action<InvitationInput>;
};

/** Links that still let someone in. Their secrets are not here: a link is shown when it is made. */
export function Invitations({ invitations, me, invite, revoke }: Props) {
  const may = me.role === "owner" || me.role === "admin";
  return (
    <Card
      flush
      title="Invitations"
      description={
        may
          ? "A link lets one person in, and is good for seven days. You hand it over yourself."
          : "Your role cannot invite people. Ask an owner or admin of the workspace."
      }
      actions={<InviteDialog me={me} invite={invite} disabled={!may} />}
    >
      {invitations.length === 0 ? (
        <p className="px-4 pb-4 text-muted text-sm sm:px-5">No open invitations.</p>
      ) : (
        <Table label="Invitations">
          <TableHead>
            <Th>For</Th>
            <Th>Role</Th>
            <Th hide="md">Made by</Th>
            <Th hide="sm">Expires</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </TableHead>
          <TableBody>
            {invitations.map((invitation) => (
              <Tr key={invitation.id}>
                <Td className="w-full max-w-0 truncate sm:w-auto sm:max-w-xs">
                  {invitation.email ?? "Anyone with the link"}
                </Td>
                <Td>{roleWords[invitation.role].label}</Td>
                <Td hide="md" className="text-muted">
                  {invitation.created_by ?? "Someone who left"}
                </Td>
                <Td hide="sm">
                  <Time at={invitation.expires_at} className="text-muted" />
                </Td>
                <Td className="text-right">
                  {may && (me.role === "owner" || invitation.role !== "owner") && (
                    <ConfirmDialog
                      title="Revoke this invitation?"
                      description="Its link stops working at once."
                      confirm="Revoke"
                      trigger={
                        <Button size="sm" aria-label={`Revoke the invitation for ${invitation.email ?? "anyone"}`}>
                          Revoke
                        </Button>
                      }
                      action={revoke}
                      input={{ invitation_id: invitation.id }}
                      success="Invitation revoked."
                    />
                  )}
                </Td>
              </Tr>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}
