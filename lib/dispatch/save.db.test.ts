import { afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import { answerEach } from "../testing/fake-connector";
import { advanceWorkspace } from "./advance";
import { refusing } from "./testing/refusing";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const quietly = () => vi.spyOn(console, "error").mockImplementation(() => undefined);
const suppressed = async ({ workspaceId }: World) =>
  (await db.prisma.suppression.findMany({ where: { workspaceId } })).map(({ email }) => email);
const inactive = (email: string | null | undefined) =>
  answerEach(({ to }) => (to === email ? { kind: "inactive", code: 406, message: "inactive" } : undefined));
/** In the order in which a batch holds them. */
const inOrder = async (world: World) => (await world.sends()).toSorted((one, other) => (one.id < other.id ? -1 : 1));

test("an outcome that cannot be saved takes nobody else's along, nor an address that is to be suppressed", async () => {
  const world = await makeWorld();
  quietly();
  await world.enroll(people(4));
  await advanceWorkspace(world.workspaceId, world.means);
  const [bad, , , last] = await inOrder(world);
  world.fake.answerNext(inactive(last?.toEmail));
  await refusing({ table: "sends", when: `new.id = '${bad?.id}' and new.status = 'sent'` }, () => world.pass());
  expect((await inOrder(world)).map(({ status }) => status)).toEqual(["sending", "sent", "sent", "skipped"]);
  expect(await suppressed(world)).toEqual([last?.toEmail]);
});

test("a suppression that cannot be saved leaves the outcome of its email known", async () => {
  const world = await makeWorld();
  const errors = quietly();
  await world.enroll(people(1));
  world.fake.answerNext(inactive("person-0@example.com"));
  await refusing({ table: "suppressions", when: "true" }, () => world.pass());
  expect((await world.sends()).map(({ status }) => status)).toEqual(["skipped"]);
  expect(await suppressed(world)).toEqual([]);
  expect(errors).toHaveBeenCalled();
});

test("what a search said of one email is kept when that of another cannot be saved", async () => {
  const world = await makeWorld();
  quietly();
  await world.enroll(people(2));
  world.fake.answerNext({ kind: "unknown", cause: "reset" });
  await world.pass();
  await world.letTimePass();
  const [bad, good] = await inOrder(world);
  await refusing({ table: "sends", when: `new.id = '${bad?.id}' and new.lease_token is null` }, () => world.pass());
  const checked = (await world.attempts()).map(({ sendId, checkedAt }) => [sendId, checkedAt !== null]);
  expect(checked).toEqual([
    [bad?.id, false],
    [good?.id, true],
  ]);
});
