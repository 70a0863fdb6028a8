import "server-only";
import { connectionInput } from "../connections/schema";
import { operation } from "../operation";
import { profileInput } from "../profiles/schema";
import {
  getSend,
  listSends,
  newsFeedOf,
  profileEnrollments,
  profileIdentity,
  profileTimeline,
  resolveSend,
  resolveSends,
  resumeSending,
  stopSending,
  syncNews,
} from "./index";
import {
  historyInput,
  identityList,
  listSendsInput,
  newsFeed,
  personEnrollmentPage,
  resolvedSends,
  resolveSendInput,
  resolveSendsInput,
  resumeSendingInput,
  sendInput,
  sendingState,
  sendPage,
  sendWithEvents,
  stopSendingInput,
  syncedNews,
  timelinePage,
} from "./schema";

export const listSendsOperation = operation({
  id: "listSends",
  summary: "List sends, newest first.",
  method: "GET",
  path: "/v1/projects/{project_id}/sends",
  status: 200,
  permission: "sends:read",
  input: listSendsInput,
  output: sendPage,
  run: listSends,
});

export const getSendOperation = operation({
  id: "getSend",
  summary: "Get one send with everything that happened to it.",
  method: "GET",
  path: "/v1/sends/{id}",
  status: 200,
  permission: "sends:read",
  input: sendInput,
  output: sendWithEvents,
  run: getSend,
});

export const resolveSendOperation = operation({
  id: "resolveSend",
  summary: "Say what becomes of a send that is unknown or held for being late.",
  method: "POST",
  path: "/v1/sends/{id}/resolve",
  status: 200,
  permission: "sends:write",
  input: resolveSendInput,
  output: sendWithEvents,
  run: resolveSend,
});

export const resolveSendsOperation = operation({
  id: "resolveSends",
  summary: "Say what becomes of many such sends at once.",
  method: "POST",
  path: "/v1/projects/{project_id}/sends/resolve",
  status: 200,
  permission: "sends:write",
  input: resolveSendsInput,
  output: resolvedSends,
  run: resolveSends,
});

export const stopSendingOperation = operation({
  id: "stopSending",
  summary: "Stop all sending of the workspace.",
  method: "POST",
  path: "/v1/projects/{project_id}/stop-sending",
  status: 200,
  permission: "sends:write",
  input: stopSendingInput,
  output: sendingState,
  run: stopSending,
});

export const resumeSendingOperation = operation({
  id: "resumeSending",
  summary: "Let the workspace send again; what is overdue is sent or skipped.",
  method: "POST",
  path: "/v1/projects/{project_id}/resume-sending",
  status: 200,
  permission: "sends:write",
  input: resumeSendingInput,
  output: sendingState,
  run: resumeSending,
});

export const profileTimelineOperation = operation({
  id: "getProfileTimeline",
  summary: "List what a person did and got, newest first: events, sends and their engagement.",
  method: "GET",
  path: "/v1/profiles/{id}/timeline",
  status: 200,
  permission: "profiles:read",
  input: historyInput,
  output: timelinePage,
  run: profileTimeline,
});

export const profileIdentityOperation = operation({
  id: "getProfileIdentity",
  summary: "List the ids of a person and the event that brought each.",
  method: "GET",
  path: "/v1/profiles/{id}/identity",
  status: 200,
  permission: "profiles:read",
  input: profileInput,
  output: identityList,
  run: profileIdentity,
  internal: true,
});

export const profileEnrollmentsOperation = operation({
  id: "listProfileEnrollments",
  summary: "List a person's runs through automations, newest first.",
  method: "GET",
  path: "/v1/profiles/{id}/enrollments",
  status: 200,
  permission: "profiles:read",
  input: historyInput,
  output: personEnrollmentPage,
  run: profileEnrollments,
  internal: true,
});

export const newsFeedOperation = operation({
  id: "getNewsFeed",
  summary: "Which of webhooks and asking brings the news of a connection's mail.",
  method: "GET",
  path: "/v1/email-providers/{id}/news-feed",
  status: 200,
  permission: "connections:read",
  input: connectionInput,
  output: newsFeed,
  run: newsFeedOf,
  internal: true,
});

export const syncNewsOperation = operation({
  id: "syncNews",
  summary: "Ask the provider now for what webhooks did not tell.",
  method: "POST",
  path: "/v1/email-providers/{id}/sync-news",
  status: 200,
  permission: "connections:write",
  input: connectionInput,
  output: syncedNews,
  run: syncNews,
  callsOut: true,
  internal: true,
});
