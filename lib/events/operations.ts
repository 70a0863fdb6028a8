import "server-only";
import { operation } from "../operation";
import { alias, identify, sendEvent, sendEvents } from "./index";
import { accepted, aliasAnswer, aliasInput, batchAccepted, batchInput, eventInput, identifyInput } from "./schema";

export const sendEventOperation = operation({
  id: "sendEvent",
  summary: "Send one event. 202 means that it is on disk, with the enrollments that it caused.",
  method: "POST",
  path: "/v1/events",
  status: 202,
  permission: "events:write",
  input: eventInput,
  output: accepted,
  run: sendEvent,
});

export const sendEventsOperation = operation({
  id: "sendEvents",
  summary: "Send up to 100 events. What is wrong with single ones is listed; the others are stored.",
  method: "POST",
  path: "/v1/events/batch",
  status: 202,
  permission: "events:write",
  input: batchInput,
  output: batchAccepted,
  run: sendEvents,
});

export const identifyOperation = operation({
  id: "identify",
  summary: "Say who someone is: join an anonymous history to an external id, set traits, remove one with null.",
  method: "POST",
  path: "/v1/identify",
  status: 202,
  permission: "events:write",
  input: identifyInput,
  output: accepted,
  run: identify,
});

export const aliasOperation = operation({
  id: "alias",
  summary: "Fold other identifiers into one person, who survives whatever their ages.",
  method: "POST",
  path: "/v1/identify/alias",
  status: 200,
  permission: "profiles:write",
  input: aliasInput,
  output: aliasAnswer,
  run: alias,
});
