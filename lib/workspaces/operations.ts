import "server-only";
import * as z from "zod";
import { operation } from "../operation";
import {
  changeRole,
  changeWorkspace,
  createKey,
  createResetLink,
  invite,
  listKeys,
  removeMember,
  revokeInvitation,
  revokeKey,
} from "./index";
import {
  apiKeyList,
  changeRoleInput,
  changeWorkspaceInput,
  createKeyInput,
  invitationInput,
  inviteInput,
  keyInput,
  listKeysInput,
  member,
  memberInput,
  newApiKey,
  newInvitation,
  secretLink,
  workspace,
} from "./schema";

export const createKeyOperation = operation({
  id: "createApiKey",
  summary: "Make an API key. The key itself is only in this answer.",
  method: "POST",
  path: "/v1/projects/{project_id}/api-keys",
  status: 201,
  permission: "keys:write",
  input: createKeyInput,
  output: newApiKey,
  run: createKey,
});

export const listKeysOperation = operation({
  id: "listApiKeys",
  summary: "List the API keys that are not revoked, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/api-keys",
  status: 200,
  permission: "keys:read",
  input: listKeysInput,
  output: apiKeyList,
  run: listKeys,
});

export const revokeKeyOperation = operation({
  id: "revokeApiKey",
  summary: "Revoke an API key: it is refused from the next request on.",
  method: "DELETE",
  path: "/v1/api-keys/{id}",
  status: 204,
  permission: "keys:write",
  input: keyInput,
  output: z.null(),
  run: revokeKey,
});

export const changeWorkspaceOperation = operation({
  id: "changeWorkspace",
  summary: "Change a workspace's name or time zone.",
  method: "PATCH",
  path: "/v1/projects/{project_id}",
  status: 200,
  permission: "workspace:write",
  input: changeWorkspaceInput,
  output: workspace,
  run: changeWorkspace,
  internal: true,
});

export const changeRoleOperation = operation({
  id: "changeMemberRole",
  summary: "Change a member's role.",
  method: "PATCH",
  path: "/v1/projects/{project_id}/members/{user_id}",
  status: 200,
  permission: "members:write",
  input: changeRoleInput,
  output: member,
  run: changeRole,
  internal: true,
});

export const removeMemberOperation = operation({
  id: "removeMember",
  summary: "Remove a member, or leave.",
  method: "DELETE",
  path: "/v1/projects/{project_id}/members/{user_id}",
  status: 204,
  permission: "workspace:read", // to leave; to remove others the use case asks for members:write
  input: memberInput,
  output: z.null(),
  run: removeMember,
  internal: true,
});

export const inviteOperation = operation({
  id: "createInvitation",
  summary: "Make a link that lets one person into the workspace.",
  method: "POST",
  path: "/v1/projects/{project_id}/invitations",
  status: 201,
  permission: "members:write",
  input: inviteInput,
  output: newInvitation,
  run: invite,
  internal: true,
});

export const revokeInvitationOperation = operation({
  id: "revokeInvitation",
  summary: "Revoke an invitation.",
  method: "DELETE",
  path: "/v1/projects/{project_id}/invitations/{invitation_id}",
  status: 204,
  permission: "members:write",
  input: invitationInput,
  output: z.null(),
  run: revokeInvitation,
  internal: true,
});

export const createResetLinkOperation = operation({
  id: "createPasswordLink",
  summary: "Make a link with which a member sets a new password.",
  method: "POST",
  path: "/v1/projects/{project_id}/members/{user_id}/password-link",
  status: 201,
  permission: "members:write",
  input: memberInput,
  output: secretLink,
  run: createResetLink,
  internal: true,
});
