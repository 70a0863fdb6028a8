import "server-only";
import { operation } from "../operation";
import { sendTest } from "./index";
import { sendTestInput, testSend } from "./schema";

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
