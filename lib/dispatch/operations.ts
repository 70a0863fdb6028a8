import "server-only";
import { operation } from "../operation";
import { sendTest, whyPerson } from "./index";
import { sendTestInput, testSend, whyAnswered, whyInput } from "./schema";

export const sendTestOperation = operation({
  id: "testEmailProvider",
  summary: "Send one message through a connection at once. 202: no answer came, and it is looked up.",
  method: "POST",
  path: "/v1/email-providers/{id}/test",
  status: 200,
  statusOf: (sent) => ("status" in sent ? 202 : 200),
  permission: "connections:write",
  input: sendTestInput,
  output: testSend,
  run: sendTest,
  callsOut: true,
});

export const whyOperation = operation({
  id: "getProfileWhy",
  summary: "Tell why a person did, or did not, get email: of one automation, or of all.",
  method: "GET",
  path: "/v1/profiles/{id}/why",
  status: 200,
  permission: "profiles:read",
  input: whyInput,
  output: whyAnswered,
  run: whyPerson,
});
