import { AppError } from "./errors";

/** What a person or a key may do. The words are the scopes that a secret key can be given. */
export const permissions = [
  "workspace:read",
  "workspace:write",
  "members:read",
  "members:write",
  "keys:read",
  "keys:write",
  "connections:read",
  "connections:write",
  "automations:read",
  "automations:write",
  "profiles:read",
  "profiles:write",
  "sends:read",
  "sends:write",
  "suppressions:read",
  "suppressions:write",
  "events:write",
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["owner", "admin", "marketer", "viewer"] as const;
export type Role = (typeof roles)[number];

const reads = permissions.filter((permission) => permission.endsWith(":read"));
const marketing = [...reads, "automations:write", "sends:write", "suppressions:write"] as const;

/** Role → permissions. An owner can do what an admin can, and is also the only one who may make or remove owners. */
export const rolePermissions: Record<Role, ReadonlySet<Permission>> = {
  owner: new Set(permissions),
  admin: new Set(permissions),
  marketer: new Set(marketing.filter((permission) => permission !== "keys:read")),
  viewer: new Set(reads.filter((permission) => permission !== "keys:read")),
};

export type Actor = {
  /** `publishable_key` may only write events; `operator` is the command line. */
  kind: "user" | "secret_key" | "publishable_key" | "operator";
  /** User id, key id, or "cli". */
  id: string;
  workspaceId: string;
  permissions: ReadonlySet<Permission>;
  /** Only of users. */
  role?: Role;
  /** Of keys: the workspace's version when the key was read. Writes that trust cached facts compare it. */
  workspaceVersion?: number;
};

declare const allowed: unique symbol;
/** Proof that someone was let in. Stores accept nothing else, so an unchecked query does not compile. */
export type Tenant = { readonly workspaceId: string; readonly [allowed]: true };

/** The only way for a use case to obtain a Tenant. @throws AppError `forbidden`, `wrong_key_type` or `insufficient_scope` */
export function allow(actor: Actor, permission: Permission): Tenant {
  if (actor.permissions.has(permission)) return { workspaceId: actor.workspaceId } as Tenant;
  if (actor.kind === "publishable_key")
    throw new AppError(
      "wrong_key_type",
      "This needs a secret key (gflux_secret_live_…); a publishable key may only send events.",
      {
        received: "publishable",
      },
    );
  if (actor.kind === "secret_key")
    throw new AppError("insufficient_scope", `This key was not given the scope ${permission}.`);
  throw new AppError("forbidden", `Your role does not include ${permission}. Ask an owner or admin of the workspace.`);
}

/** For the engine and for providers' webhooks, which act for a workspace without an actor. */
export const systemTenant = (workspaceId: string): Tenant => ({ workspaceId }) as Tenant;
