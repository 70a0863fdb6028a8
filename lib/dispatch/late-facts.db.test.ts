import { afterEach, expect, test, vi } from "vitest";
import { type Actor, permissions } from "../actor";
import type { CallOutcome, News } from "../connections/schema";
import { db } from "../db";
import { resolveSend } from "../sends";
import { takeNews } from "../sends/news";
import { type FakeAnswer, resetBefore } from "../testing/fake-connector";
import { attemptsMax } from "./backoff";
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
const only = async (world: World) => {
  const [send, ...others] = await world.sends();
  if (send === undefined || others.length > 0) throw new Error("one send was expected");
  return send;
};
const mails = (world: World) => world.fake.outbox.filter(({ to }) => to !== world.fake.blackHole).length;

/** A call that the test lets go when it wants to; the provider takes the mail at once. */
function slowAnswer(world: World): () => void {
  let answer: () => void = () => undefined;
  const slow: FakeAnswer = ({ messages, stream }, fake) => {
    const call: CallOutcome = { kind: "answered", outcomes: fake.accept(messages, stream) };
    return new Promise((resolve) => {
      answer = () => resolve(call);
    });
  };
  world.fake.answerNext(slow);
  return () => answer();
}

/**
 * An email whose first call hangs, is given up by everybody else, and is sent again by a person. `hook.step` is asked by whoever claims it
 * then: the pass of the test, or the slow one, which looks for work while its call hangs.
 */
async function sentAgain(world: World) {
  const answer = slowAnswer(world);
  const hook = { step: async (_name: string): Promise<void> => undefined };
  await world.enroll(people(1));
  const slow = world.pass({ step: (name) => hook.step(name) });
  await vi.waitFor(() => expect(world.fake.calls).toHaveLength(1), { timeout: 10_000 });
  await world.letTimePass();
  world.fake.searchSees = false;
  await world.pass();
  const { id } = await only(world);
  expect((await only(world)).status).toBe("unknown");
  await resolveSend(owner(world), { id, as: "again" });
  const late = () => {
    answer();
    return slow;
  };
  return { id, answer, late, hook };
}

test("an answer that comes after a person has said “send again” settles the email before it leaves once more", async () => {
  const world = await makeWorld();
  const { late } = await sentAgain(world);
  await late();
  await world.letTimePass();
  await world.pass();
  expect(await only(world)).toMatchObject({ status: "sent", dueAt: null });
  expect(mails(world)).toBe(1);
  // The slow pass itself looks for work while it waits: it may have claimed the email once more, and not called.
  const [first, ...others] = (await world.attempts()).map(({ outcome }) => outcome);
  expect([first, others.filter((outcome) => outcome !== "not_sent")]).toEqual(["accepted", []]);
});

test("an answer that comes between the claim and the call of the next attempt stops that call", async () => {
  const world = await makeWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { answer, late, hook } = await sentAgain(world);
  let came = false;
  hook.step = async (name) => {
    if (name !== "confirm" || came) return;
    came = true;
    answer();
    await expect.poll(async () => (await world.attempts())[0]?.outcome).toBe("accepted");
  };
  await world.pass({ step: hook.step });
  await late();
  expect(came).toBe(true);
  expect((await only(world)).status).toBe("sent");
  expect(mails(world)).toBe(1);
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["accepted", "not_sent"]);
});

const delivered = (send: { id: string }, batchId: string | null): News => ({
  kind: "delivered",
  recordType: "Delivery",
  newsKey: `delivered ${send.id}`,
  providerMessageId: "11111111-1111-4111-8111-111111111111",
  sendId: send.id,
  batchId,
  recipient: "person-0@example.com",
  stream: "broadcast",
  occurredAt: new Date().toISOString(),
  suppression: null,
  data: {},
});

test("news of an earlier attempt settles an email that was queued again, and names that attempt", async () => {
  const world = await makeWorld();
  const { id, late } = await sentAgain(world);
  const [first] = await world.attempts();
  await takeNews(db, world.tenant, world.connection.id, [delivered({ id }, first?.batchId ?? "")]);
  expect(await only(world)).toMatchObject({ status: "delivered", dueAt: null, leaseToken: null });
  await world.letTimePass();
  await world.pass();
  await late();
  expect(mails(world)).toBe(1);
  expect((await only(world)).status).toBe("delivered");
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["accepted"]);
});

test("news of an earlier attempt that comes while the next one is claimed stops its call, and the witness stays true", async () => {
  const world = await makeWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { id, late, hook } = await sentAgain(world);
  const [first] = await world.attempts();
  let came = false;
  hook.step = async (name) => {
    if (name !== "confirm" || came) return;
    came = true;
    await takeNews(db, world.tenant, world.connection.id, [delivered({ id }, first?.batchId ?? "")]);
  };
  await world.pass({ step: hook.step });
  await late();
  expect(came).toBe(true);
  expect(mails(world)).toBe(1);
  const send = await only(world);
  expect(send.status).toBe("delivered");
  // Surely not later than the provider took it: that is what looking others up relies on.
  expect(send.sentAt).toEqual(first?.startedAt);
  expect((await world.attempts()).map(({ outcome }) => outcome)).toEqual(["accepted", "not_sent"]);
});

test("news that names only the provider's id and overtakes the answer that tells it counts as soon as that answer is saved", async () => {
  const world = await makeWorld();
  world.fake.answerNext(async ({ messages, stream }, fake) => {
    const call: CallOutcome = { kind: "answered", outcomes: fake.accept(messages, stream) };
    const [taken] = fake.outbox;
    const early = { ...delivered({ id: "" }, null), sendId: null, providerMessageId: taken?.messageId ?? "" };
    const { pending } = await takeNews(db, world.tenant, world.connection.id, [early]);
    expect(pending).toBe(1);
    return call;
  });
  await world.enroll(people(1));
  await world.pass();
  expect((await only(world)).status).toBe("delivered");
});

test("mail that turns out to have left is shown as sent, although we had given it up", async () => {
  const world = await makeWorld();
  const answer = slowAnswer(world);
  await world.enroll(people(1));
  const slow = world.pass();
  await vi.waitFor(() => expect(world.fake.calls).toHaveLength(1), { timeout: 10_000 });
  await db.sql(
    "update sends set status = 'failed', reason = 'attempts_exhausted', due_at = null, lease_token = null where workspace_id = $1",
    [world.workspaceId],
  );
  answer();
  await slow;
  expect(await only(world)).toMatchObject({ status: "sent", reason: null, providerMessageId: expect.any(String) });
});

test("an open of mail that we had given up shows it as sent", async () => {
  const world = await makeWorld();
  world.fake.always = { kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null };
  await world.enroll(people(1));
  for (let tries = 1; tries <= attemptsMax; tries += 1) {
    await world.pass();
    await world.letTimePass();
  }
  const { id, status } = await only(world);
  expect(status).toBe("failed");
  await takeNews(db, world.tenant, world.connection.id, [
    { ...delivered({ id }, null), kind: "opened", recordType: "Open" },
  ]);
  expect(await only(world)).toMatchObject({ status: "sent", reason: null });
});

test("what is proven absent and queued again leaves once, whatever is said of it afterwards", async () => {
  const world = await makeWorld();
  world.fake.answerNext(resetBefore);
  await world.enroll(people(1));
  await world.pass();
  for (let looks = 0; looks < 4; looks += 1) {
    await world.ageAttempts(600_000);
    await world.pass();
  }
  expect((await only(world)).status).toBe("sent");
  expect(mails(world)).toBe(1);
});
