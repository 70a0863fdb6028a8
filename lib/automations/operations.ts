import "server-only";
import * as z from "zod";
import { operation } from "../operation";
import {
  archiveAutomation,
  createAutomation,
  deleteAutomation,
  getAutomation,
  listAutomations,
  listEnrollments,
  listVersions,
  pauseAutomation,
  previewPublish,
  publishAutomation,
  resumeAutomation,
  updateAutomation,
} from "./index";
import {
  anyAutomation,
  automation,
  automationInput,
  automationPage,
  automationVersionPage,
  createAutomationInput,
  enrollmentPage,
  listAutomationsInput,
  listEnrollmentsInput,
  listVersionsInput,
  pauseInput,
  publishInput,
  publishPreview,
  resumeInput,
  updateAutomationInput,
} from "./schema";

export const listAutomationsOperation = operation({
  id: "listAutomations",
  summary: "List the automations, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/automations",
  status: 200,
  permission: "automations:read",
  input: listAutomationsInput,
  output: automationPage,
  run: listAutomations,
});

export const createAutomationOperation = operation({
  id: "createAutomation",
  summary: "Create an automation as a draft.",
  method: "POST",
  path: "/v1/projects/{project_id}/automations",
  status: 201,
  permission: "automations:write",
  input: createAutomationInput,
  output: automation,
  run: createAutomation,
});

export const getAutomationOperation = operation({
  id: "getAutomation",
  summary: "Read an automation with the definition that is being edited.",
  method: "GET",
  path: "/v1/automations/{id}",
  status: 200,
  permission: "automations:read",
  input: automationInput,
  output: anyAutomation,
  run: getAutomation,
});

export const updateAutomationOperation = operation({
  id: "updateAutomation",
  summary: "Replace the definition that is being edited. What runs changes when it is published.",
  method: "PUT",
  path: "/v1/automations/{id}",
  status: 200,
  permission: "automations:write",
  input: updateAutomationInput,
  output: automation,
  run: updateAutomation,
});

export const deleteAutomationOperation = operation({
  id: "deleteAutomation",
  summary: "Delete a draft or an archived automation.",
  method: "DELETE",
  path: "/v1/automations/{id}",
  status: 204,
  permission: "automations:write",
  input: automationInput,
  output: z.null(),
  run: deleteAutomation,
});

export const publishAutomationOperation = operation({
  id: "publishAutomation",
  summary: "Make the definition an immutable version and set it live.",
  method: "POST",
  path: "/v1/automations/{id}/publish",
  status: 200,
  permission: "automations:write",
  input: publishInput,
  output: automation,
  run: publishAutomation,
});

export const previewPublishOperation = operation({
  id: "previewPublish",
  summary: "Tell how many people a publish with in_flight “move” would move, and how many it would end.",
  method: "GET",
  path: "/v1/automations/{id}/publish-preview",
  status: 200,
  permission: "automations:read",
  input: automationInput,
  output: publishPreview,
  run: previewPublish,
});

export const pauseAutomationOperation = operation({
  id: "pauseAutomation",
  summary: "Let nobody enter or advance. What is queued is held, or dropped.",
  method: "POST",
  path: "/v1/automations/{id}/pause",
  status: 200,
  permission: "automations:write",
  input: pauseInput,
  output: anyAutomation,
  run: pauseAutomation,
});

export const resumeAutomationOperation = operation({
  id: "resumeAutomation",
  summary: "Let a paused automation go on. What is overdue is sent, or dropped.",
  method: "POST",
  path: "/v1/automations/{id}/resume",
  status: 200,
  permission: "automations:write",
  input: resumeInput,
  output: anyAutomation,
  run: resumeAutomation,
});

export const archiveAutomationOperation = operation({
  id: "archiveAutomation",
  summary: "End an automation for good: who is in it leaves, what is queued is dropped.",
  method: "POST",
  path: "/v1/automations/{id}/archive",
  status: 200,
  permission: "automations:write",
  input: automationInput,
  output: anyAutomation,
  run: archiveAutomation,
});

export const listVersionsOperation = operation({
  id: "listAutomationVersions",
  summary: "List what was published, newest first.",
  method: "GET",
  path: "/v1/automations/{id}/versions",
  status: 200,
  permission: "automations:read",
  input: listVersionsInput,
  output: automationVersionPage,
  run: listVersions,
});

export const listEnrollmentsOperation = operation({
  id: "listAutomationEnrollments",
  summary: "List who is or was in an automation, newest first.",
  method: "GET",
  path: "/v1/automations/{id}/enrollments",
  status: 200,
  permission: "automations:read",
  input: listEnrollmentsInput,
  output: enrollmentPage,
  run: listEnrollments,
});
