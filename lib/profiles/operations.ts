import "server-only";
import { operation } from "../operation";
import { getProfile, listProfiles } from "./index";
import { listProfilesInput, profile, profileInput, profilePage } from "./schema";

export const listProfilesOperation = operation({
  id: "listProfiles",
  summary: "List people, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/profiles",
  status: 200,
  permission: "profiles:read",
  input: listProfilesInput,
  output: profilePage,
  run: listProfiles,
});

export const getProfileOperation = operation({
  id: "getProfile",
  summary: "Get one person by any of their ids.",
  method: "GET",
  path: "/v1/profiles/{id}",
  status: 200,
  permission: "profiles:read",
  input: profileInput,
  output: profile,
  run: getProfile,
});
