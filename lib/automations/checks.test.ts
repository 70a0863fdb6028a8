import { expect, test } from "vitest";
import type { ConnectionRecord } from "../connections/schema";
import { publishProblems } from "./checks";
import { automationDefinition } from "./schema";

const stream = (id: string, type: "broadcast" | "transactional", archived = false) => ({
  id,
  name: id,
  type,
  unsubscribeHandling: "none" as const,
  archived,
});
const id = "019a0000-0000-7000-8000-000000000001";
const record = (over: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  id,
  workspaceId: "019a0000-0000-7000-8000-000000000000",
  provider: "native",
  displayName: "Production",
  fromEmail: "hello@example.com",
  fromName: null,
  dkimSelector: null,
  returnPathDomain: null,
  replyToEmail: null,
  messageStream: null,
  allowTransactional: false,
  status: "ready",
  credentialsLast4: "",
  credentialsVersion: "1",
  serverId: "1",
  serverName: "Server",
  streams: [stream("outbound", "transactional"), stream("news", "broadcast")],
  lastValidatedAt: null,
  lastError: null,
  failingSince: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  ...over,
});

const send = (over: object = {}) => ({
  id: "welcome",
  type: "send_email",
  email_provider_id: id,
  subject: "Welcome",
  text: "Hello",
  ...over,
});
const definition = (...steps: unknown[]) =>
  automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, steps });
function problems(connection: ConnectionRecord | null, ...steps: unknown[]) {
  const connections = new Map(connection === null ? [] : [[connection.id, connection]]);
  const { invalid, clashing } = publishProblems(definition(...steps), connections);
  const line = ({ path, message }: { path: string; message: string }) => `${path}: ${message}`;
  return { invalid: invalid.map(line), clashing: clashing.map(line) };
}

test("a sound definition may be published, also one that sends nothing", () => {
  const none = { invalid: [], clashing: [] };
  expect(problems(record(), send())).toEqual(none);
  expect(problems(null, { id: "a", type: "exit" })).toEqual(none);
  expect(problems(record({ status: "unvalidated", streams: [] }), send())).toEqual(none);
});

test("a definition without steps may not", () => {
  expect(problems(record()).invalid).toEqual(["steps: Add at least one step."]);
});

test("each step that sends needs an email provider that exists and is not disabled, named at the step", () => {
  expect(problems(record(), send({ email_provider_id: null })).invalid).toEqual([
    "steps.0.email_provider_id: Choose an email provider.",
  ]);
  expect(problems(null, send()).invalid[0]).toMatch(/^steps\.0\.email_provider_id: There is no such email provider/);
  expect(problems(record({ status: "disabled" }), send()).invalid[0]).toMatch(/“Production” is disabled/);
  const nested = {
    id: "b",
    type: "branch",
    branches: [{ when: { field: "profile.plan", op: "exists" }, steps: [] }],
    else: [{ id: "x", type: "exit" }, send({ email_provider_id: null })],
  };
  expect(problems(record(), { id: "first", type: "delay", for: "PT1H" }, nested).invalid).toEqual([
    "steps.1.else.1.email_provider_id: Choose an email provider.",
  ]);
});

test("each step that sends ends up with a sender address, its own or the provider's", () => {
  expect(problems(record({ fromEmail: null }), send()).invalid).toEqual([
    "steps.0.from_email: Give a sender address: “Production” has none of its own.",
  ]);
  expect(problems(record({ fromEmail: null }), send({ from_email: "ada@example.com" })).invalid).toEqual([]);
});

test("a stream that does not exist or is archived is named at the step", () => {
  expect(problems(record(), send({ message_stream: "nope" })).invalid[0]).toMatch(
    /^steps\.0\.message_stream: The server has no message stream “nope”/,
  );
  const archived = record({ streams: [stream("news", "broadcast", true)] });
  expect(problems(archived, send({ message_stream: "news" }))).toEqual({
    invalid: [expect.stringMatching(/is archived/)],
    clashing: [],
  });
});

test("lifecycle mail on a transactional stream clashes, unless the connection allows it", () => {
  const transactional = send({ message_stream: "outbound" });
  expect(problems(record(), transactional)).toEqual({
    invalid: [],
    clashing: [expect.stringMatching(/^steps\.0\.message_stream: .*transactional.*allow_transactional/)],
  });
  expect(problems(record({ allowTransactional: true }), transactional).clashing).toEqual([]);
  // Without a stream of its own the step takes the server's only broadcast stream; where there is none, `outbound`.
  expect(problems(record(), send()).clashing).toEqual([]);
  expect(problems(record({ streams: [stream("outbound", "transactional")] }), send()).clashing).toHaveLength(1);
});

test("everything that is wrong is named, not just the first", () => {
  const { invalid } = problems(
    record({ fromEmail: null }),
    send({ message_stream: "nope" }),
    send({ id: "second", email_provider_id: null }),
  );
  expect(invalid.map((line) => line.split(":")[0])).toEqual([
    "steps.0.from_email",
    "steps.0.message_stream",
    "steps.1.email_provider_id",
  ]);
});
