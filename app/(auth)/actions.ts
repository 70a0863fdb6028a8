"use server";

import { userAction, visitorAction } from "@/lib/web/session";
import * as workspaces from "@/lib/workspaces";
import { acceptInvitationInput, openWorkspaceInput, resetPasswordInput, signUpInput } from "@/lib/workspaces/schema";

export const signUp = visitorAction({ input: signUpInput, run: workspaces.signUp });
export const resetPassword = visitorAction({ input: resetPasswordInput, run: workspaces.resetPassword });
export const openWorkspace = userAction({ input: openWorkspaceInput, run: workspaces.openWorkspace });
export const acceptInvitation = userAction({ input: acceptInvitationInput, run: workspaces.acceptInvitation });
