import type { Role } from "@/lib/actor";

/** What each role is for, in a sentence. */
export const roleWords: Record<Role, { label: string; may: string }> = {
  owner: { label: "Owner", may: "Everything; also makes and removes owners." },
  admin: { label: "Admin", may: "Connections, keys, members, settings and all below." },
  marketer: { label: "Marketer", may: "Automations, sends and suppressions." },
  viewer: { label: "Viewer", may: "Looks at everything but keys, changes nothing." },
};

/** Who looks at a page of members. */
export type Me = { userId: string; role: Role };
