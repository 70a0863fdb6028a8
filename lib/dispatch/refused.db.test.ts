import { afterEach, expect, test, vi } from "vitest";
import { type Actor, permissions } from "../actor";
import { connectionRecords } from "../connections";
import { db } from "../db";
import { listSends } from "../sends";
import { emailStep } from "../testing/factory";
import { answerEach, type FakeAnswer } from "../testing/fake-connector";
import { sendTest } from "./index";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const owner = ({ workspaceId }: World): Actor => ({
  kind: "user",
  id: "test",
  workspaceId,
  permissions: new Set(permissions),
  role: "owner",
});
/** As the log shows them: oldest first. */
async function shown(world: World): Promise<string[]> {
  const { data } = await listSends(owner(world), { limit: 50 });
  return data.reverse().map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`));
}
const connectionOf = async ({ tenant, connection: { id } }: World) =>
  (await connectionRecords(db, tenant, [id])).get(id);
const quietly = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);
const refuse = (about: "account" | "stream", code: number): FakeAnswer => ({
  kind: "call_refused",
  about,
  code,
  message: "no such thing",
});

/** Two emails on two streams of one connection. */
const twoStreams = () =>
  makeWorld({
    definition: (id) => ({
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      steps: [emailStep("one", id, { message_stream: "archived" }), { id: "exit", type: "exit" }],
    }),
  });

test("a stream that the provider refuses holds its lane with the reason, and the connection's other streams go on", async () => {
  const world = await twoStreams();
  const warned = quietly();
  world.fake.always = ({ messages, stream }, fake) =>
    stream === "archived"
      ? { kind: "call_refused", about: "stream", code: 1235, message: "no such stream" }
      : { kind: "answered", outcomes: fake.accept(messages, stream) };
  await world.enroll(people(3));
  await world.pass();
  await world.pass();
  expect(await shown(world)).toEqual(Array(3).fill("queued stream_refused"));
  expect(world.fake.calls).toHaveLength(1);
  expect(warned).toHaveBeenCalledOnce();
  expect(await connectionOf(world)).toMatchObject({ status: "ready", lastError: "no such stream" });
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(Array(3).fill("refused"));

  expect(await sendTest(owner(world), { id: world.connection.id, to: "me@example.com" }, world.means)).toMatchObject({
    provider_message_id: expect.any(String),
  });
  expect(await shown(world)).toContain("sent");
});

test("a held lane is tried again with one email, and goes on when that is taken", async () => {
  const world = await makeWorld();
  quietly();
  world.fake.answerNext(refuse("account", 405), refuse("account", 405));
  await world.enroll(people(5));
  await world.pass();
  await world.letTimePass();
  await world.pass();
  expect(world.fake.calls.map(({ messages }) => messages.length)).toEqual([5, 1]);
  expect(await shown(world)).toEqual(Array(5).fill("queued account_refused"));
  // It is said once, not at every try.
  expect((await world.decisions()).filter(({ reason }) => reason === "account_refused")).toHaveLength(5);
  await world.letTimePass();
  await world.pass();
  expect(await shown(world)).toEqual(Array(5).fill("sent"));
  expect(world.fake.calls.map(({ messages }) => messages.length)).toEqual([5, 1, 1, 4]);
  expect(await connectionOf(world)).toMatchObject({ status: "ready", lastError: null });
});

test("whoever changes or validates the connection lets a held lane try at once, all of it", async () => {
  const world = await makeWorld();
  quietly();
  world.fake.answerNext(refuse("stream", 1236));
  await world.enroll(people(5));
  await world.pass();
  await world.pass();
  expect(await shown(world)).toEqual(Array(5).fill("queued stream_refused"));
  const { id } = world.connection;
  await db.prisma.connection.updateMany({ where: { id }, data: { lastError: null, lastValidatedAt: new Date() } });
  expect(await shown(world)).toEqual(Array(5).fill("queued"));
  await world.pass();
  expect(await shown(world)).toEqual(Array(5).fill("sent"));
  expect(world.fake.calls.map(({ messages }) => messages.length)).toEqual([5, 5]);
});

test("a refusal of a connection that was changed meanwhile holds nothing", async () => {
  const world = await makeWorld();
  const { id } = world.connection;
  world.fake.answerNext(async () => {
    await db.prisma.connection.updateMany({ where: { id }, data: { lastValidatedAt: new Date() } });
    return { kind: "call_refused", about: "stream", code: 1235, message: "no such stream" };
  });
  await world.enroll(people(1));
  await world.pass();
  expect(await shown(world)).toEqual(["sent"]);
});

test("queued emails follow a connection to the stream that it names by now", async () => {
  const world = await makeWorld();
  quietly();
  world.fake.answerNext(refuse("stream", 1235));
  await world.enroll(people(3));
  await world.pass();
  const { id } = world.connection;
  await db.prisma.connection.updateMany({ where: { id }, data: { messageStream: "news" } });
  await world.pass();
  expect(await shown(world)).toEqual(Array(3).fill("sent"));
  expect(world.fake.calls.map(({ stream }) => stream)).toEqual(["broadcast", "news"]);
  expect((await world.attempts()).map(({ messageStream, outcome }) => `${messageStream} ${outcome}`)).toEqual(
    Array(3).fill(["broadcast refused", "news accepted"]).flat(),
  );
});

test("emails refused for the account among others that were taken wait, and nothing of them is burnt", async () => {
  const world = await makeWorld();
  quietly();
  world.fake.answerNext(
    answerEach(({ to }) =>
      to.startsWith("person-1") ? { kind: "blocked", about: "account", code: 412, message: "pending" } : undefined,
    ),
  );
  await world.enroll(people(3));
  await world.pass();
  expect((await shown(world)).sort()).toEqual(["queued account_refused", "sent", "sent"]);
  await world.letTimePass();
  await world.pass();
  expect(await shown(world)).toEqual(["sent", "sent", "sent"]);
});

test("a test message that is refused for the account says so, and holds up nobody else's mail", async () => {
  const world = await makeWorld();
  world.fake.answerNext(refuse("account", 412));
  const test = sendTest(owner(world), { id: world.connection.id, to: "me@elsewhere.example" }, world.means);
  await expect(test).rejects.toMatchObject({ extras: { provider: { code: "account_pending" } } });
  expect(await connectionOf(world)).toMatchObject({ status: "ready", lastError: null });
  await world.enroll(people(1));
  await world.pass();
  expect(await shown(world)).toEqual(["failed not_sent", "sent"]);
});

test("a test message whose token is refused shows the connection as failing", async () => {
  const world = await makeWorld();
  quietly();
  world.fake.answerNext({ kind: "call_refused", about: "credentials", code: 10, message: "Bad token" });
  const test = sendTest(owner(world), { id: world.connection.id, to: "me@example.com" }, world.means);
  await expect(test).rejects.toMatchObject({ extras: { provider: { code: "bad_credentials" } } });
  expect(await connectionOf(world)).toMatchObject({ status: "failing", lastError: "Bad token" });
});

test("a test message opens the server first, so that one that is lost can be looked up", async () => {
  const world = await makeWorld({ connection: { serverId: null, serverName: null } });
  const { id } = world.connection;
  world.fake.answerNext(({ messages, stream }, fake) => {
    fake.accept(messages, stream);
    return { kind: "unknown", cause: "reset" };
  });
  vi.spyOn(console, "info").mockImplementation(() => undefined);
  expect(await sendTest(owner(world), { id, to: "me@example.com" }, world.means)).toMatchObject({ status: "unknown" });
  expect((await world.attempts())[0]?.serverId).toBe("1");
  await world.letTimePass();
  await world.pass();
  expect(await shown(world)).toEqual(["sent"]);
});

test("a test message of a server that does not open is refused, and nothing is left behind", async () => {
  const world = await makeWorld({ connection: { serverId: null, serverName: null } });
  vi.spyOn(world.fake, "check").mockResolvedValue({ kind: "unreachable", message: "no route" });
  const test = sendTest(owner(world), { id: world.connection.id, to: "me@example.com" }, world.means);
  await expect(test).rejects.toMatchObject({ extras: { provider: { code: "unreachable" } } });
  expect(await world.sends()).toEqual([]);
});

test("a test message does not leave when all sending is stopped while its server is opened", async () => {
  const world = await makeWorld();
  const { workspaceId } = world;
  const means = {
    ...world.means,
    open: async (...given: Parameters<typeof world.means.open>) => {
      const opened = await world.means.open(...given);
      const check = await db.prisma.connection.updateMany({ where: { workspaceId }, data: { status: "disabled" } });
      expect(check.count).toBe(1);
      return opened;
    },
  };
  const test = sendTest(owner(world), { id: world.connection.id, to: "me@example.com" }, means);
  await expect(test).rejects.toMatchObject({ code: "conflict" });
  expect(world.fake.calls).toEqual([]);
  expect(await world.sends()).toEqual([]);
});
