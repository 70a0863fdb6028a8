import { afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import {
  emailStep,
  makeAutomation,
  makeEnrollments,
  makeSends,
  makeSuppressions,
  makeWorkspace,
} from "../testing/factory";
import { acceptThenReset, answerEach } from "../testing/fake-connector";
import { attemptsMax } from "./backoff";
import { openLane, reportLane } from "./lanes";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

const statuses = async (world: Awaited<ReturnType<typeof makeWorld>>) =>
  (await world.sends()).map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`));
const quiet = (level: "warn" | "error") => vi.spyOn(console, level).mockImplementation(() => undefined);

test("an event's run becomes one email to each person, and the run is complete", async () => {
  const world = await makeWorld();
  await world.enroll(people(3));
  const report = await world.pass();
  expect(report).toMatchObject({ sent: 3, failed: 0, reconciled: 0, remaining: 0 });
  expect(world.fake.calls).toHaveLength(1);
  expect([...world.fake.acceptedTimes().values()]).toEqual([1, 1, 1]);
  expect((await world.sends()).map(({ status, attempts }) => [status, attempts])).toEqual([
    ["sent", 1],
    ["sent", 1],
    ["sent", 1],
  ]);
  expect((await world.runs()).map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
  expect(new Set((await world.decisions()).map(({ kind, reason }) => `${kind} ${reason}`))).toEqual(
    new Set(["queued reached", "sent accepted", "completed finished"]),
  );
});

test("what leaves carries who it is, the person's own words, and the automation's name", async () => {
  const world = await makeWorld({
    definition: (id) => ({
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      steps: [
        emailStep("welcome", id, {
          subject: "Hi {{ profile.first_name }}",
          html: "<p>{{ profile.first_name }}</p>{{ unsubscribe_url }}",
          from_name: "Ada at {{ workspace.name }}",
          reply_to_email: "help@example.com",
          message_stream: "broadcast",
        }),
      ],
    }),
  });
  await world.enroll([{ email: "Ada@Example.com", traits: { first_name: "<Ada>\nLovelace" } }]);
  await world.pass();
  const [accepted] = world.fake.outbox;
  expect(accepted?.stream).toBe("broadcast");
  expect(accepted?.message).toMatchObject({
    to: "Ada@Example.com",
    from: '"Ada at Workspace" <hello@example.com>',
    replyTo: "help@example.com",
    subject: "Hi <Ada> Lovelace",
    html: "<p>&lt;Ada&gt;\nLovelace</p>{{{ pm:unsubscribe }}}",
    tag: world.automation.name,
  });
  const [send] = await world.sends();
  expect(send).toMatchObject({
    id: accepted?.sendId,
    batchId: accepted?.batchId,
    providerMessageId: accepted?.messageId,
  });
  expect(send).toMatchObject({
    toEmail: "Ada@Example.com",
    fromEmail: "hello@example.com",
    subject: "Hi <Ada> Lovelace",
  });
});

test("a suppressed person is not written to, and the run goes on", async () => {
  const world = await makeWorld();
  await makeSuppressions(db, world, [{ email: "person-0@example.com", reason: "unsubscribe" }]);
  await world.enroll(people(2));
  await world.pass();
  expect(await statuses(world)).toEqual(["skipped suppressed", "sent"]);
  expect(world.fake.outbox.map(({ to }) => to)).toEqual(["person-1@example.com"]);
  expect((await world.runs()).map(({ status }) => status)).toEqual(["completed", "completed"]);
  expect(await world.attempts()).toHaveLength(1); // no call was made for the other
});

test("a suppression that came after the email was queued still counts", async () => {
  const world = await makeWorld();
  const { profiles } = await world.enroll(people(1), { dueAt: null });
  const { connection, workspaceId } = world;
  await makeSends(db, world, [
    {
      connectionId: connection.id,
      profileId: profiles[0]?.id,
      automationId: world.automation.id,
      versionId: world.automation.version.id,
      stepId: "welcome",
    },
  ]);
  await makeSuppressions(db, { workspaceId }, [{ email: "person-0@example.com" }]);
  await world.pass();
  expect(await statuses(world)).toEqual(["skipped suppressed"]);
  expect(world.fake.calls).toEqual([]);
});

test("another workspace's suppression means nothing here", async () => {
  const world = await makeWorld();
  const other = await makeWorkspace(db);
  await makeSuppressions(db, { workspaceId: other.id }, [{ email: "person-0@example.com" }]);
  await world.enroll(people(1));
  await world.pass();
  expect(await statuses(world)).toEqual(["sent"]);
});

test("a person without an address is waited for, then skipped; an unusable address is skipped at once", async () => {
  const world = await makeWorld();
  const { runs } = await world.enroll([{ email: null }, { email: "not an address" }]);
  await world.pass();
  expect(await statuses(world)).toEqual(["queued awaiting_email", "skipped invalid_email"]);
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["queued awaiting_email", "skipped invalid_email"]);
  await db.sql("update sends set scheduled_at = scheduled_at - interval '11 minutes' where enrollment_id = $1", [
    runs[0]?.id,
  ]);
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["skipped no_email", "skipped invalid_email"]);
  expect(world.fake.calls).toEqual([]);
});

test("an address that comes in time is written to", async () => {
  const world = await makeWorld();
  const { profiles } = await world.enroll([{ email: null }]);
  await world.pass();
  await db.sql(`update profiles set traits = '{"email":"late@example.com"}' where id = $1`, [profiles[0]?.id]);
  await world.letTimePass();
  await world.pass();
  expect(world.fake.outbox.map(({ to }) => to)).toEqual(["late@example.com"]);
});

test("each answer belongs to its own message", async () => {
  const world = await makeWorld();
  await world.enroll(people(4));
  world.fake.answerNext(
    answerEach(({ to }) => {
      if (to.startsWith("person-1")) return { kind: "refused", code: 300, message: "Invalid 'To' address" };
      if (to.startsWith("person-2")) return { kind: "inactive", code: 406, message: "inactive" };
      if (to.startsWith("person-3")) return { kind: "sender_refused", code: 400, message: "no signature" };
      return undefined;
    }),
  );
  const report = await world.pass();
  expect(report).toMatchObject({ sent: 1, failed: 2 });
  expect(await statuses(world)).toEqual(["sent", "failed refused", "skipped suppressed", "failed from_not_verified"]);
  const [suppression] = await db.prisma.suppression.findMany({ where: { workspaceId: world.workspaceId } });
  expect(suppression).toMatchObject({
    email: "person-2@example.com",
    scope: "stream",
    stream: "broadcast",
    origin: "provider",
    active: true,
  });
  expect((await world.runs()).map(({ status }) => status)).toEqual(Array(4).fill("completed"));
});

test("a wrong number of answers says nothing about any message", async () => {
  const world = await makeWorld();
  await world.enroll(people(2));
  world.fake.answerNext(({ messages, stream }, fake) => ({
    kind: "answered",
    outcomes: fake.accept(messages, stream).slice(1),
  }));
  await world.pass();
  expect(await statuses(world)).toEqual(["unknown no_answer", "unknown no_answer"]);
});

test("a connector that throws leaves its messages unknown, not lost and not sent again", async () => {
  const world = await makeWorld();
  const errors = quiet("error");
  await world.enroll(people(1));
  world.fake.answerNext(() => {
    throw new Error("a bug");
  });
  await world.pass();
  expect(await statuses(world)).toEqual(["unknown no_answer"]);
  expect(world.fake.calls).toHaveLength(1);
  expect(errors).toHaveBeenCalledOnce();
});

test("a call that never left is tried again later, and the end is visible", async () => {
  const world = await makeWorld();
  world.fake.always = { kind: "not_sent", cause: "connection refused", rateLimited: false, retryAfterMs: null };
  await world.enroll(people(1));
  await world.pass();
  expect(await statuses(world)).toEqual(["queued provider_busy"]);
  for (let tries = 2; tries <= attemptsMax; tries += 1) {
    await world.letTimePass();
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["failed attempts_exhausted"]);
  expect(world.fake.calls).toHaveLength(attemptsMax);
  expect((await world.runs())[0]?.status).toBe("completed");
});

test("a call that this process began too late uses up no try, and its provider is not taken for busy", async () => {
  const world = await makeWorld();
  const late = { kind: "not_sent", cause: "too late", rateLimited: false, retryAfterMs: null, late: true } as const;
  world.fake.answerNext(...Array.from({ length: attemptsMax }, () => late));
  await world.enroll(people(1));
  for (let tries = 1; tries <= attemptsMax; tries += 1) {
    await world.pass();
    expect(await statuses(world)).toEqual(["queued"]);
    await db.sql("update sends set due_at = now() - interval '1 second' where workspace_id = $1", [world.workspaceId]);
  }
  expect(await world.attempts()).toEqual([]);
  await world.pass();
  expect(await statuses(world)).toEqual(["sent"]);
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["accepted"]);
});

test("being told to slow down holds the whole lane for as long as asked, and burns no try", async () => {
  const world = await makeWorld();
  world.fake.answerNext({ kind: "not_sent", cause: "429", rateLimited: true, retryAfterMs: 60_000 });
  await world.enroll(people(1));
  await world.pass();
  await world.enroll(people(1, 1));
  await world.pass();
  expect(world.fake.calls).toHaveLength(1);
  expect(await statuses(world)).toEqual(["queued provider_busy", "queued"]);
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent"]);
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["refused", "accepted", "accepted"]);
});

test("a provider that asks to be asked again at once is given a moment all the same", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  await world.pass();
  const { workspaceId, connection } = world;
  const lane = { workspaceId, connectionId: connection.id, stream: "broadcast", failures: 0 };
  const opened = await world.means.open(db, world.tenant, connection.id);
  const beganMs = Date.now();
  await reportLane(
    { lane, ...opened },
    { kind: "rest", retryAfterMs: 0, why: "429" },
    { chance: () => 0.5, step: () => undefined },
  );
  const { notBefore } = await db.prisma.sendLane.findFirstOrThrow({ where: { workspaceId } });
  expect((notBefore?.getTime() ?? 0) - beganMs).toBeGreaterThan(900);
});

test("which server a token opens is not remembered of one that was replaced while it was asked", async () => {
  const world = await makeWorld({ connection: { serverId: null, serverName: null } });
  const { id } = world.connection;
  const ready = await world.fake.check();
  vi.spyOn(world.fake, "check").mockImplementationOnce(async () => {
    await db.prisma.connection.updateMany({ where: { id }, data: { sealedCredentials: Buffer.from("another") } });
    return ready;
  });
  await world.enroll(people(1));
  expect(
    await openLane(
      { workspaceId: world.workspaceId, connectionId: id, stream: "broadcast", failures: 0 },
      { ...world.means, step: () => undefined },
    ),
  ).toBeNull();
  expect((await db.prisma.connection.findFirstOrThrow({ where: { id } })).serverId).toBeNull();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent"]);
  expect((await world.attempts())[0]?.serverId).toBe("1");
});

test("mail that left is shown as sent, even when it was skipped before that was known", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  const skip = async (name: string) => {
    if (name === "save")
      await db.sql(
        "update sends set status = 'skipped', reason = 'paused', due_at = null, lease_token = null where workspace_id = $1",
        [world.workspaceId],
      );
  };
  await world.pass({ step: skip });
  expect(await statuses(world)).toEqual(["sent"]);
});

test("what was sent is saved even when the lane cannot be told that it is well again", async () => {
  const world = await makeWorld();
  world.fake.answerNext({ kind: "not_sent", cause: "503", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.pass();
  await world.letTimePass();
  await db.sql("create function refuse_lane() returns trigger language plpgsql as $$ begin raise 'not now'; end $$");
  await db.sql("create trigger refuse before update on send_lanes for each row execute function refuse_lane()");
  const errors = quiet("error");
  try {
    await world.pass();
  } finally {
    await db.sql("drop function refuse_lane cascade");
  }
  expect(await statuses(world)).toEqual(["sent"]);
  expect(errors).toHaveBeenCalledOnce();
});

test("a revoked token holds the queue without burning it, and a mended one releases it", async () => {
  const world = await makeWorld();
  const warned = quiet("warn");
  world.fake.always = { kind: "call_refused", about: "credentials", code: 10, message: "Bad token" };
  await world.enroll(people(3));
  await world.pass();
  await world.pass();
  expect(world.fake.calls).toHaveLength(1);
  expect(await statuses(world)).toEqual(["queued", "queued", "queued"]);
  const connection = await db.prisma.connection.findFirstOrThrow({ where: { id: world.connection.id } });
  expect(connection).toMatchObject({ status: "failing", lastError: "Bad token" });
  expect(warned).toHaveBeenCalledOnce();

  world.fake.always = undefined;
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { status: "ready" } });
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent", "sent"]);
});

test("one message that the provider chokes on does not take the others with it", async () => {
  const world = await makeWorld();
  await world.enroll(people(9));
  world.fake.always = ({ messages, stream }, fake) =>
    messages.some(({ to }) => to.startsWith("person-4"))
      ? { kind: "call_refused", about: "message", code: 402, message: "Invalid JSON" }
      : { kind: "answered", outcomes: fake.accept(messages, stream) };
  await world.pass();
  expect((await statuses(world)).filter((status) => status === "sent")).toHaveLength(8);
  expect((await statuses(world))[4]).toBe("failed refused");
  expect(Math.max(...world.fake.acceptedTimes().values())).toBe(1);
  // Every call had a batch of its own, and was on disk before it was made.
  const batches = world.fake.calls.map(({ messages }) => new Set(messages.map(({ batchId }) => batchId)));
  expect(batches.every(({ size }) => size === 1)).toBe(true);
  const attempts = await world.attempts();
  expect(new Set(attempts.map(({ batchId }) => batchId)).size).toBe(world.fake.calls.length);
  expect(attempts.filter(({ outcome }) => outcome === null)).toEqual([]);
});

test("a text that cannot be rendered fails alone", async () => {
  const world = await makeWorld({
    definition: (id) => ({
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      steps: [emailStep("welcome", id, { html: "{% for i in (1..100000000) %}{{ i }}{% endfor %}" })],
    }),
  });
  const healthy = await makeAutomation(db, { workspaceId: world.workspaceId, connectionId: world.connection.id });
  await world.enroll(people(1));
  const { workspaceId } = world;
  await makeEnrollments(db, { workspaceId, automationId: healthy.id, versionId: healthy.version.id }, [{}]);
  await world.pass();
  expect((await statuses(world)).sort()).toEqual(["failed render_limit", "sent"]);
});

test("an answer that was lost is not sent again, however often one passes", async () => {
  const world = await makeWorld();
  world.fake.answerNext(acceptThenReset);
  world.fake.searchSees = false;
  await world.enroll(people(2));
  for (let passes = 0; passes < 3; passes += 1) {
    await world.pass();
    await world.letTimePass();
  }
  expect(await statuses(world)).toEqual(["unknown no_answer", "unknown no_answer"]);
  expect([...world.fake.acceptedTimes().values()]).toEqual([1, 1]);
});
