import "server-only";
import * as z from "zod";
import { operation } from "../operation";
import {
  acknowledgeAlert,
  changeAlertSettings,
  changeConnection,
  connectionHealth,
  createConnection,
  deleteConnection,
  disableConnection,
  enableConnection,
  getAlertSettings,
  getConnection,
  listAlerts,
  listConnections,
  listWebhooksSeen,
  rotateWebhookSecret,
  validateConnection,
  validateDraft,
} from "./index";
import {
  alert,
  alertInput,
  alertList,
  alertSettings,
  alertSettingsInput,
  changeAlertSettingsInput,
  changeConnectionInput,
  connection,
  connectionCheck,
  connectionHealthInput,
  connectionHealth as connectionHealthOutput,
  connectionInput,
  connectionList,
  createConnectionInput,
  listAlertsInput,
  listConnectionsInput,
  validateDraftInput,
  webhooksSeen,
} from "./schema";

export const listConnectionsOperation = operation({
  id: "listEmailProviders",
  summary: "List the connections through which mail leaves, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/email-providers",
  status: 200,
  permission: "connections:read",
  input: listConnectionsInput,
  output: connectionList,
  run: listConnections,
});

export const createConnectionOperation = operation({
  id: "createEmailProvider",
  summary: "Add a connection. It is validated and saved either way: look at its status.",
  method: "POST",
  path: "/v1/projects/{project_id}/email-providers",
  status: 201,
  permission: "connections:write",
  input: createConnectionInput,
  output: connection,
  run: createConnection,
  callsOut: true,
});

export const validateDraftOperation = operation({
  id: "validateEmailProviderDraft",
  summary: "Ask the provider about a connection before it is saved.",
  method: "POST",
  path: "/v1/projects/{project_id}/email-providers/validate",
  status: 200,
  permission: "connections:write",
  input: validateDraftInput,
  output: connectionCheck,
  run: validateDraft,
  callsOut: true,
});

export const getConnectionOperation = operation({
  id: "getEmailProvider",
  summary: "Read a connection.",
  method: "GET",
  path: "/v1/email-providers/{id}",
  status: 200,
  permission: "connections:read",
  input: connectionInput,
  output: connection,
  run: getConnection,
});

export const changeConnectionOperation = operation({
  id: "changeEmailProvider",
  summary:
    "Change a connection, or move it between SMTP and Postmark in place. It is validated again when credentials or stream change.",
  method: "PATCH",
  path: "/v1/email-providers/{id}",
  status: 200,
  permission: "connections:write",
  input: changeConnectionInput,
  output: connection,
  run: changeConnection,
  callsOut: true,
});

export const deleteConnectionOperation = operation({
  id: "deleteEmailProvider",
  summary: "Delete a connection that nothing uses.",
  method: "DELETE",
  path: "/v1/email-providers/{id}",
  status: 204,
  permission: "connections:write",
  input: connectionInput,
  output: z.null(),
  run: deleteConnection,
});

export const validateConnectionOperation = operation({
  id: "validateEmailProvider",
  summary: "Ask the provider about a connection. Success makes a failing one ready and lets its held mail go.",
  method: "POST",
  path: "/v1/email-providers/{id}/validate",
  status: 200,
  permission: "connections:write",
  input: connectionInput,
  output: connectionCheck,
  run: validateConnection,
  callsOut: true,
});

export const enableConnectionOperation = operation({
  id: "enableEmailProvider",
  summary: "Let a disabled connection send again.",
  method: "POST",
  path: "/v1/email-providers/{id}/enable",
  status: 200,
  permission: "connections:write",
  input: connectionInput,
  output: connection,
  run: enableConnection,
});

export const disableConnectionOperation = operation({
  id: "disableEmailProvider",
  summary: "Hold all mail of a connection.",
  method: "POST",
  path: "/v1/email-providers/{id}/disable",
  status: 200,
  permission: "connections:write",
  input: connectionInput,
  output: connection,
  run: disableConnection,
});

export const rotateWebhookSecretOperation = operation({
  id: "rotateEmailProviderWebhookSecret",
  summary: "Make a new webhook secret. The old one stays good for 24 hours.",
  method: "POST",
  path: "/v1/email-providers/{id}/rotate-webhook-secret",
  status: 200,
  permission: "connections:write",
  input: connectionInput,
  output: connection,
  run: rotateWebhookSecret,
});

export const listWebhooksSeenOperation = operation({
  id: "listWebhooksSeen",
  summary: "Which events have arrived by webhook, and when the newest of each did.",
  method: "GET",
  path: "/v1/email-providers/{id}/webhooks-seen",
  status: 200,
  permission: "connections:read",
  input: connectionInput,
  output: webhooksSeen,
  run: listWebhooksSeen,
  internal: true,
});

export const connectionHealthOperation = operation({
  id: "emailProviderHealth",
  summary: "How a connection did: acceptance, errors by code, latency and outcomes by hour or day.",
  method: "GET",
  path: "/v1/email-providers/{id}/health",
  status: 200,
  permission: "connections:read",
  input: connectionHealthInput,
  output: connectionHealthOutput,
  run: connectionHealth,
});

export const listAlertsOperation = operation({
  id: "listAlerts",
  summary: "List alerts about connections, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/alerts",
  status: 200,
  permission: "connections:read",
  input: listAlertsInput,
  output: alertList,
  run: listAlerts,
});

export const acknowledgeAlertOperation = operation({
  id: "acknowledgeAlert",
  summary: "Say that somebody knows of an alert: its banner goes.",
  method: "POST",
  path: "/v1/alerts/{id}/acknowledge",
  status: 200,
  permission: "connections:write",
  input: alertInput,
  output: alert,
  run: acknowledgeAlert,
});

export const getAlertSettingsOperation = operation({
  id: "getAlertSettings",
  summary: "Who is told of alerts outside of the interface.",
  method: "GET",
  path: "/v1/projects/{project_id}/alert-settings",
  status: 200,
  permission: "workspace:read",
  input: alertSettingsInput,
  output: alertSettings,
  run: getAlertSettings,
});

export const changeAlertSettingsOperation = operation({
  id: "changeAlertSettings",
  summary: "Tell a webhook, or owners and admins by email, of alerts. A new URL gets a new secret.",
  method: "PATCH",
  path: "/v1/projects/{project_id}/alert-settings",
  status: 200,
  permission: "workspace:write",
  input: changeAlertSettingsInput,
  output: alertSettings,
  run: changeAlertSettings,
  callsOut: true,
});
