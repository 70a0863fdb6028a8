"use server";

import {
  archiveAutomationOperation,
  createAutomationOperation,
  deleteAutomationOperation,
  pauseAutomationOperation,
  previewPublishOperation,
  publishAutomationOperation,
  resumeAutomationOperation,
  updateAutomationOperation,
} from "@/lib/automations/operations";
import { action } from "@/lib/web/action";

export const createAutomation = action(createAutomationOperation);
export const updateAutomation = action(updateAutomationOperation);
export const previewPublish = action(previewPublishOperation);
export const publishAutomation = action(publishAutomationOperation);
export const pauseAutomation = action(pauseAutomationOperation);
export const resumeAutomation = action(resumeAutomationOperation);
export const archiveAutomation = action(archiveAutomationOperation);
export const deleteAutomation = action(deleteAutomationOperation);
