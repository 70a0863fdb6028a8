import { expect, test } from "vitest";
import { methodsOf } from "./methods";

test.each([
  ["/v1/projects/7/automations", ["GET", "HEAD", "OPTIONS", "POST"]],
  ["/v1/automations/7", ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]],
  ["/v1/automations/7/publish", ["OPTIONS", "POST"]],
  ["/v1/openapi.json", ["GET", "HEAD", "OPTIONS"]],
  ["/api/cron/dispatch", ["GET", "HEAD", "OPTIONS", "POST"]],
])("every path of the API knows what it takes: %s", (path, methods) => {
  expect(methodsOf(path, [])).toEqual(methods);
});

test.each(["/v1/nothing", "/v1", "/contract/automations", "/v1/automations/7/publish/8", "/v1/openapi-json"])(
  "what is no path of the API takes nothing here: %s",
  (path) => expect(methodsOf(path, [])).toEqual([]),
);
