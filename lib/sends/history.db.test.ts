import { expect, test } from "vitest";
import { type Actor, permissions } from "../actor";
import { db } from "../db";
import {
  makeAutomation,
  makeConnection,
  makeEngagementEvents,
  makeEnrollment,
  makeEvent,
  makeEvents,
  makeProfile,
  makeSend,
  makeWorkspace,
  nextId,
} from "../testing/factory";
import { profileEnrollments, profileIdentity, profileTimeline } from "./history";
import { historyInput, identityList, personEnrollmentPage, timelinePage } from "./schema";

const actorIn = (workspaceId: string): Actor => ({
  kind: "operator",
  id: "cli",
  workspaceId,
  permissions: new Set(permissions),
});
const minute = (index: number) => new Date(Date.UTC(2026, 10, 20, 12, index));
const timeline = async (actor: Actor, input: Record<string, unknown>) =>
  timelinePage.parse(await profileTimeline(actor, historyInput.parse(input)));

test("a person's timeline joins what they did and what they got, newest first, also from before a merge", async () => {
  const workspaceId = (await makeWorkspace(db)).id;
  const connectionId = (await makeConnection(db, { workspaceId })).id;
  const person = await makeProfile(db, { workspaceId, externalId: "user_1" });
  const tombstone = await makeProfile(db, { workspaceId, externalId: null, mergedIntoId: person.id });
  const stranger = await makeProfile(db, { workspaceId });
  await makeEvents(db, { workspaceId }, [
    { profileId: tombstone.id, name: "page_viewed", occurredAt: minute(0) },
    { profileId: person.id, name: "signed_up", occurredAt: minute(1) },
    { profileId: stranger.id, name: "elsewhere", occurredAt: minute(2) },
  ]);
  const send = await makeSend(db, {
    workspaceId,
    connectionId,
    profileId: person.id,
    subject: "Hi",
    createdAt: minute(3),
    status: "delivered",
  });
  await makeEngagementEvents(db, { workspaceId }, [
    { sendId: send.id, kind: "delivered", occurredAt: minute(4) },
    { sendId: send.id, kind: "opened", occurredAt: minute(5) },
  ]);
  const actor = actorIn(workspaceId);
  const all = await timeline(actor, { id: "user_1" });
  expect(all.data.map(({ name }) => name)).toEqual(["opened", "delivered", "send", "signed_up", "page_viewed"]);
  expect(all.data[0]).toMatchObject({ type: "engagement", send_id: send.id, subject: "Hi" });
  expect(all.data[2]).toMatchObject({ type: "send", status: "delivered" });
  expect(all.next_cursor).toBeNull();
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await timeline(actor, { id: tombstone.id, limit: 2, ...(cursor && { cursor }) });
    seen.push(...page.data.map(({ name }) => name));
    cursor = page.next_cursor;
  } while (cursor);
  expect(seen).toEqual(all.data.map(({ name }) => name));
  await expect(timeline(actor, { id: "user_1", cursor: "x" })).rejects.toMatchObject({ code: "validation_error" });
  await expect(timeline(actorIn((await makeWorkspace(db)).id), { id: person.id })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("the Identity tab names every id of a person and the event that brought it", async () => {
  const workspaceId = (await makeWorkspace(db)).id;
  const person = await makeProfile(db, { workspaceId, externalId: "user_1", anonymousIds: ["anon_2"] });
  const event = await makeEvent(db, { workspaceId, profileId: person.id, name: "page_viewed", source: "browser" });
  await db.prisma.identifier.create({
    data: {
      workspaceId,
      profileId: person.id,
      kind: "anonymous",
      value: "anon_1",
      eventId: event.id,
      createdAt: minute(0),
    },
  });
  const actor = actorIn(workspaceId);
  const { data } = identityList.parse(await profileIdentity(actor, { id: "anon_1" }));
  expect(data.map(({ value }) => value)).toEqual(["user_1", "anon_2", "anon_1"]);
  expect(data[2]?.event).toMatchObject({ id: event.id, name: "page_viewed", source: "browser" });
  expect(data[0]?.event).toBeNull();
  await expect(profileIdentity(actorIn((await makeWorkspace(db)).id), { id: "anon_1" })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("a person's runs are listed newest first, with the automation and version they run through", async () => {
  const workspaceId = (await makeWorkspace(db)).id;
  const person = await makeProfile(db, { workspaceId });
  const automation = await makeAutomation(db, { workspaceId, name: "Welcome" });
  const run = (entryKey: string, over = {}) =>
    makeEnrollment(db, {
      workspaceId,
      automationId: automation.id,
      versionId: automation.version.id,
      profileId: person.id,
      entryKey,
      ...over,
    });
  const first = await run("a", { status: "exited", reason: "exit_step", endedAt: minute(1) });
  const second = await run("b", { leaseToken: nextId() });
  const actor = actorIn(workspaceId);
  const page = personEnrollmentPage.parse(await profileEnrollments(actor, { id: person.id, limit: 1 }));
  expect(page.data).toMatchObject([
    { id: second.id, automation_name: "Welcome", version: 1, status: "active", due_at: null },
  ]);
  const rest = await profileEnrollments(actor, { id: person.id, limit: 1, cursor: page.next_cursor ?? "" });
  expect(rest.data).toMatchObject([{ id: first.id, status: "exited", reason: "exit_step" }]);
  expect(rest.next_cursor).toBeNull();
});
