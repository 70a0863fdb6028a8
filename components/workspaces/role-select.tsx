"use client";

import { useEffect, useState } from "react";
import { type Action, useAction } from "@/components/form/use-action";
import { Select } from "@/components/ui/select";
import { toast } from "@/components/ui/toast";
import { type Role, roles } from "@/lib/actor";
import { type ChangeRoleInput, type Member, memberChangeRefusal, role as roleOf } from "@/lib/workspaces/schema";
import { type Me, roleWords } from "./role-words";

type Props = { member: Member; me: Me; owners: number; change: Action<ChangeRoleInput, Member> };

/** A member's role, changed where it stands. Roles that one may not give are not offered; when there is none, it says why. */
export function RoleSelect({ member, me, owners, change }: Props) {
  const [chosen, setChosen] = useState<Role | null>(null);
  const { run, pending, error } = useAction(change, { success: "Role changed." });
  const self = member.user_id === me.userId;
  const refusal = (to: Role) =>
    to === member.role ? null : memberChangeRefusal({ by: me.role, from: member.role, to, self, owners });
  const refusals = roles.filter((to) => to !== member.role).map(refusal);
  const closed = refusals.every((reason) => reason !== null);
  useEffect(() => {
    if (!error) return;
    setChosen(null);
    toast.error(error.detail);
  }, [error]);
  if (closed)
    return (
      <span title={refusals[0] ?? undefined}>
        {roleWords[member.role].label}
        {self && me.role === "owner" && <span className="block text-faint text-xs">The only owner</span>}
      </span>
    );
  const choose = (to: Role) => {
    setChosen(to);
    run({ user_id: member.user_id, role: to });
  };
  return (
    <Select
      aria-label={`Role of ${member.email}`}
      className="w-32"
      value={pending ? (chosen ?? member.role) : member.role}
      disabled={pending}
      onChange={(event) => choose(roleOf.parse(event.target.value))}
      options={roles.map((to) => ({ value: to, label: roleWords[to].label, disabled: refusal(to) !== null }))}
    />
  );
}
