import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { db } from "../db";
import { newId } from "../ids";
import { type Sandbox, startSandbox } from "../sandbox";
import { resubscribe, unsubscribe } from "../sends";
import { unsubscribeToken } from "../sends/unsubscribe-link";
import { makePlace, type Place } from "./testing/place";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 4 });
});
afterEach(async () => {
  await db.sql("update suppression_lists set due_at = null");
  await db.sql("update suppression_pushes set due_at = null");
});
afterAll(() => sandbox.close());

const email = "left@example.com";
const linkOf = ({ workspaceId, connection: { id } }: Place) =>
  unsubscribeToken({ workspaceId, connectionId: id, sendId: newId(), stream: "broadcast", email });
const pushes = async ({ workspaceId }: Place) =>
  (await db.prisma.suppressionPush.findMany({ where: { workspaceId } })).map((push) => [
    push.email,
    push.stream,
    push.wanted,
    push.status,
  ]);

test("an unsubscribe by our own link outlives the readings of a list that never heard of it, and is put on it", async () => {
  const place = await makePlace(sandbox);
  await place.sync();
  expect(await unsubscribe(linkOf(place), "page")).toMatchObject({ kind: "unsubscribed" });
  // A list that is not told: the reading alone must not undo it.
  const deaf = place.server.addFault({ action: "status", path: "*broadcast/suppressions", status: 503 });
  await place.sync();
  expect([await place.held(email), place.there()]).toEqual(["unsubscribe", []]);
  deaf.remove();
  await place.sync();
  expect([await place.held(email), place.there(), place.there("outbound")]).toEqual(["unsubscribe", [email], []]);
  await place.sync();
  expect((await place.list()).map(({ reason, scope }) => [reason, scope])).toEqual([["unsubscribe", "stream"]]);
  expect(await pushes(place)).toEqual([[email, "broadcast", "suppressed", "done"]]);

  expect(await resubscribe(linkOf(place))).toMatchObject({ kind: "subscribed" });
  expect(await pushes(place)).toEqual([[email, "broadcast", "lifted", "pending"]]);
  await place.sync();
  await place.sync();
  expect([await place.held(email), place.there()]).toEqual([null, []]);
});

test("one that was said while there was no list holds once there is one, and is put on it", async () => {
  const place = await makePlace(sandbox);
  expect(await unsubscribe(linkOf(place), "one_click")).toMatchObject({ kind: "unsubscribed" });
  expect(await pushes(place)).toEqual([]);
  await place.sync();
  expect([await place.held(email), place.there()]).toEqual(["unsubscribe", [email]]);
});

test("taking it back lets go of nothing that a bounce holds", async () => {
  const place = await makePlace(sandbox);
  place.server.addSuppression({ stream: "broadcast", email, reason: "HardBounce", origin: "Recipient" });
  await place.sync();
  expect(await unsubscribe(linkOf(place), "page")).toMatchObject({ kind: "unsubscribed" });
  await place.sync();
  expect(await resubscribe(linkOf(place))).toMatchObject({ kind: "blocked" });
  await place.sync();
  await place.sync();
  expect([await place.held(email), place.there()]).toEqual(["hard_bounce", [email]]);
});
