import type { Role } from "../actor";

/** `to` is null for a removal. `self`: the one who acts is the member. */
export type MemberChange = { by: Role; from: Role; to: Role | null; self: boolean; owners: number };

/** Why a member's role may not be changed so, or the member not be removed; null when it may. A workspace always keeps an owner. */
export function memberChangeRefusal({ by, from, to, self, owners }: MemberChange): string | null {
  const leaving = self && to === null;
  if (!leaving && by !== "owner" && by !== "admin") return "Only owners and admins can change members.";
  if (!leaving && by !== "owner" && (from === "owner" || to === "owner"))
    return "Only an owner can make or remove owners.";
  if (from === "owner" && to !== "owner" && owners <= 1)
    return "A workspace needs an owner. Make someone else an owner first.";
  return null;
}
