import "server-only";

export {
  changeName,
  changePassword,
  signIn,
  signUp,
  signUpState,
  userOfSession,
  verifyPassword,
} from "./accounts";
export { audit, bumpVersion, listAudit, nameOfActor } from "./audit";
export { acceptInvitation, invite, listInvitations, revokeInvitation, viewInvitation } from "./invitations";
export { createKey, type FoundKey, findKey, listKeys, noteKeyUsed, revokeKey } from "./keys";
export { adminAddresses, changeRole, listMembers, removeMember } from "./members";
export { createKeyOf, createUser, createWorkspace, operatorActor, setPassword } from "./operator";
export { createResetLink, resetOfToken, resetPassword } from "./resets";
export {
  actorOfUser,
  changeWorkspace,
  getWorkspace,
  listWorkspaces,
  openWorkspace,
  resumeSending,
  stopSending,
  workspaceById,
} from "./workspaces";
