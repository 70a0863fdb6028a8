import * as z from "zod";
import { permissions, roles } from "../actor";

export { memberChangeRefusal } from "./roles";

/** U+0000 cannot be stored in PostgreSQL's text. */
const plainText = z.string().refine((text) => !text.includes("\u0000"), "must not contain U+0000");
const singleLine = plainText.trim().refine((text) => !/[\r\n]/.test(text), "Use a single line.");
const name = singleLine.min(1, "Give it a name.").max(80, "Use at most 80 characters.");

/** Exactly one bare address, lower-cased. */
export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, "An email address has at most 254 characters.")
  .pipe(z.email("Enter an email address, such as ada@example.com."));

export const passwordCharactersMin = 10;
const passwordCharactersMax = 200;
export const newPassword = z
  .string()
  .min(passwordCharactersMin, `Use at least ${passwordCharactersMin} characters.`)
  .max(passwordCharactersMax, `Use at most ${passwordCharactersMax} characters.`);

const timezone = z
  .string()
  .max(64)
  .refine(isTimezone, "Choose a time zone such as Europe/Berlin.")
  .nullable()
  .describe("IANA name; null means UTC.");

export const role = z.enum(roles);
const permission = z.enum(permissions);

const instant = z.iso.datetime();
const id = z.uuid("This is not an id.");
/** A path's id that is not one belongs to nothing, so it is not found rather than invalid. */
const pathId = z.string().max(64);
const projectId = pathId.optional().describe("The workspace's id.");

/** Newest first: `cursor` is what the page before gave as `next_cursor`. */
const paging = { limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.uuid().optional() };
const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable().describe("Null on the last page.") });

// ——— Workspaces

export const workspace = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  timezone: z.string().nullable(),
  sending_stopped_at: instant.nullable().describe("Since when all sending is stopped."),
  created_at: instant,
});
export type Workspace = z.infer<typeof workspace>;

export const openWorkspaceInput = z.strictObject({ name });
export type OpenWorkspaceInput = z.infer<typeof openWorkspaceInput>;

export const changeWorkspaceInput = z.strictObject({ name: name.optional(), timezone: timezone.optional() });
export type ChangeWorkspaceInput = z.infer<typeof changeWorkspaceInput>;

/** A workspace that someone belongs to: what the switcher lists. */
export type WorkspaceOfUser = Pick<Workspace, "id" | "slug" | "name"> & { role: z.infer<typeof role> };

// ——— People

export type User = { id: string; email: string; name: string | null };

const optionalName = singleLine
  .max(80, "Use at most 80 characters.")
  .nullish()
  .transform((text) => text || null);

export const signUpInput = z.strictObject({
  email: emailAddress,
  password: newPassword,
  name: optionalName,
  invitation_token: z.string().max(200).optional().describe("Lets the invited in, whatever SIGNUP says."),
});
export type SignUpInput = z.infer<typeof signUpInput>;

export const signInInput = z.object({
  email: z.string().trim().toLowerCase().min(1, "Enter your email address.").max(254),
  password: z.string().min(1, "Enter your password.").max(passwordCharactersMax),
});

export const changePasswordInput = z.strictObject({
  current_password: z.string().min(1, "Enter your current password.").max(passwordCharactersMax),
  new_password: newPassword,
});
export type ChangePasswordInput = z.infer<typeof changePasswordInput>;

export const changeNameInput = z.strictObject({ name: optionalName });
export type ChangeNameInput = z.infer<typeof changeNameInput>;

export const resetPasswordInput = z.strictObject({ token: z.string().max(200), new_password: newPassword });
export type ResetPasswordInput = z.infer<typeof resetPasswordInput>;

export const acceptInvitationInput = z.strictObject({ token: z.string().max(200) });
export type AcceptInvitationInput = z.infer<typeof acceptInvitationInput>;

/** What the command line and seeds hand in. */
export const createUserInput = z.strictObject({ email: emailAddress, password: newPassword, name: optionalName });
export const setPasswordInput = z.strictObject({ email: emailAddress, password: newPassword });
export const createWorkspaceInput = z.strictObject({
  name,
  owner_email: emailAddress,
  owner_password: newPassword,
});

// ——— Members and invitations

export const member = z.object({
  user_id: id,
  email: z.string(),
  name: z.string().nullable(),
  role,
  joined_at: instant,
});
export type Member = z.infer<typeof member>;

export const changeRoleInput = z.strictObject({ user_id: pathId, role });
export type ChangeRoleInput = z.infer<typeof changeRoleInput>;
export const memberInput = z.strictObject({ user_id: pathId });
export type MemberInput = z.infer<typeof memberInput>;

/** Shown once: only its hash is stored. */
export const secretLink = z.object({ url: z.url(), expires_at: instant });
export type SecretLink = z.infer<typeof secretLink>;

const invitation = z.object({
  id,
  role,
  email: z.string().nullable().describe("When set, only this address may accept."),
  created_by: z.string().nullable().describe("Who made it, as people know them."),
  created_at: instant,
  expires_at: instant,
});
export type Invitation = z.infer<typeof invitation>;
export const newInvitation = invitation.extend({ url: z.url() });
export type NewInvitation = z.infer<typeof newInvitation>;

export const inviteInput = z.strictObject({
  role,
  email: z
    .literal("")
    .transform(() => null)
    .or(emailAddress)
    .nullish()
    .transform((text) => text ?? null),
});
export type InviteInput = z.infer<typeof inviteInput>;
/** The same before it is parsed: the address may be left out or empty. */
export type InviteFields = z.input<typeof inviteInput>;
export const invitationInput = z.strictObject({ invitation_id: pathId });
export type InvitationInput = z.infer<typeof invitationInput>;

/** What the page of an invitation shows to whoever holds its link. */
export type InvitationView = {
  state: "open" | "expired" | "used" | "revoked";
  workspaceName: string;
  workspaceSlug: string;
  role: z.infer<typeof role>;
  email: string | null;
};

// ——— Keys

const keyKinds = ["publishable", "secret"] as const;
export const keyPrefixes = { publishable: "gflux_pub_live_", secret: "gflux_secret_live_" } as const;

const apiKey = z.object({
  id,
  project_id: id,
  kind: z.enum(keyKinds),
  name: z.string(),
  prefix: z.string().describe("How the key begins."),
  last4: z.string().describe("How it ends."),
  scopes: z.array(permission).describe("Empty means all. A publishable key may only send events."),
  created_at: instant,
  last_used_at: instant.nullable().describe("To the minute."),
});
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyList = pageOf(apiKey);
export type ApiKeyList = z.infer<typeof apiKeyList>;
export const newApiKey = apiKey.extend({ key: z.string().describe("The key itself, shown only now.") });
export type NewApiKey = z.infer<typeof newApiKey>;

export const createKeyInput = z
  .strictObject({
    project_id: projectId,
    kind: z.enum(keyKinds),
    name,
    scopes: z.array(permission).max(permissions.length).default([]).describe("Only of secret keys; none means all."),
  })
  .refine(({ kind, scopes }) => kind === "secret" || scopes.length === 0, {
    path: ["scopes"],
    error: "A publishable key may only send events, so it takes no scopes.",
  });
export type CreateKeyInput = z.infer<typeof createKeyInput>;
export const listKeysInput = z.strictObject({ project_id: projectId, ...paging });
export type ListKeysInput = z.infer<typeof listKeysInput>;
export const keyInput = z.strictObject({ id: pathId });
export type KeyInput = z.infer<typeof keyInput>;

// ——— Audit

const auditEntry = z.object({
  id,
  actor: z.string().describe("Who did it, as people know them."),
  actor_kind: z.string(),
  action: z.string(),
  subject: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  created_at: instant,
});
export type AuditEntry = z.infer<typeof auditEntry>;
const auditPage = pageOf(auditEntry);
export type AuditPage = z.infer<typeof auditPage>;
export const listAuditInput = z.strictObject(paging);
export type ListAuditInput = z.infer<typeof listAuditInput>;

function isTimezone(text: string): boolean {
  if (!/^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)*$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // RangeError is how Intl says that it does not know the zone
  }
}
