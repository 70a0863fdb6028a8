"use server";

import { changeAlertSettingsOperation } from "@/lib/connections/operations";
import { action } from "@/lib/web/action";
import { userAction } from "@/lib/web/session";
import * as workspaces from "@/lib/workspaces";
import {
  changeRoleOperation,
  changeWorkspaceOperation,
  createKeyOperation,
  createResetLinkOperation,
  inviteOperation,
  removeMemberOperation,
  revokeInvitationOperation,
  revokeKeyOperation,
} from "@/lib/workspaces/operations";
import { changeNameInput, changePasswordInput } from "@/lib/workspaces/schema";

export const changeWorkspace = action(changeWorkspaceOperation);
export const changeAlertSettings = action(changeAlertSettingsOperation);
export const changeRole = action(changeRoleOperation);
export const removeMember = action(removeMemberOperation);
export const invite = action(inviteOperation);
export const revokeInvitation = action(revokeInvitationOperation);
export const createResetLink = action(createResetLinkOperation);
export const createKey = action(createKeyOperation);
export const revokeKey = action(revokeKeyOperation);
export const changeName = userAction({ input: changeNameInput, run: workspaces.changeName });
export const changePassword = userAction({ input: changePasswordInput, run: workspaces.changePassword });
