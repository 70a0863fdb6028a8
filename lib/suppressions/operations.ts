import "server-only";
import * as z from "zod";
import { operation } from "../operation";
import { createSuppression, deleteSuppression, listSuppressions, syncSuppressions } from "./index";
import {
  createSuppressionInput,
  deleteSuppressionInput,
  listSuppressionsInput,
  suppression,
  suppressionListStates,
  suppressionPage,
  syncSuppressionsInput,
} from "./schema";

export const listSuppressionsOperation = operation({
  id: "listSuppressions",
  summary: "List the addresses that are not written to, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/suppressions",
  status: 200,
  permission: "suppressions:read",
  input: listSuppressionsInput,
  output: suppressionPage,
  run: listSuppressions,
});

export const createSuppressionOperation = operation({
  id: "createSuppression",
  summary: "Stop writing to an address, in the whole workspace or through one stream.",
  method: "POST",
  path: "/v1/projects/{project_id}/suppressions",
  status: 201,
  permission: "suppressions:write",
  input: createSuppressionInput,
  output: suppression,
  run: createSuppression,
  callsOut: true,
});

export const deleteSuppressionOperation = operation({
  id: "deleteSuppression",
  summary: "Write to an address again.",
  method: "DELETE",
  path: "/v1/projects/{project_id}/suppressions/{email}",
  status: 204,
  permission: "suppressions:write",
  input: deleteSuppressionInput,
  output: z.null(),
  run: deleteSuppression,
  callsOut: true,
});

export const syncSuppressionsOperation = operation({
  id: "syncSuppressions",
  summary: "Read the provider's suppression lists of a connection now, and tell how they stand to ours.",
  method: "POST",
  path: "/v1/email-providers/{id}/sync-suppressions",
  status: 200,
  permission: "connections:write",
  input: syncSuppressionsInput,
  output: suppressionListStates,
  run: syncSuppressions,
  callsOut: true,
});
