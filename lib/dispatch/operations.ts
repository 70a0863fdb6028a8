import "server-only";
import { doctorFixed, doctorFixInput, doctorInput, doctorReport } from "../connections/schema";
import { operation } from "../operation";
import { examineConnection, mendConnection, sendTest, whyPerson } from "./index";
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

export const doctorOperation = operation({
  id: "examineEmailProvider",
  summary: "Read everything of a connection at the provider and in DNS, and say what is wrong with it, worst first.",
  method: "GET",
  path: "/v1/email-providers/{id}/doctor",
  status: 200,
  permission: "connections:read",
  input: doctorInput,
  output: doctorReport,
  run: examineConnection,
  callsOut: true,
});

export const doctorFixOperation = operation({
  id: "fixEmailProvider",
  summary: "Do what a row of the doctor offers. A second time changes nothing more.",
  method: "POST",
  path: "/v1/email-providers/{id}/doctor/fix",
  status: 200,
  permission: "connections:write",
  input: doctorFixInput,
  output: doctorFixed,
  run: mendConnection,
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
