import { beforeAll, describe, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import {
  emailStep,
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeProfile,
  makeVersion,
  welcomeDefinition,
} from "../testing/factory";
import { stopSending } from "../workspaces";
import {
  automationsUsing,
  getAutomation,
  listAutomations,
  listEnrollments,
  listVersions,
  liveTriggers,
  updateAutomation,
} from "./index";
import { countedMax, listAutomationsInput, listEnrollmentsInput, updateAutomationInput } from "./schema";
import { makeRoom, type Room, without } from "./testing/room";

let mine: Room;
let theirs: Room;
beforeAll(async () => {
  [mine, theirs] = [await makeRoom(), await makeRoom()];
});

const edit = ({ connectionId }: Room, id: string, over: object = {}) =>
  updateAutomationInput.parse({ id, name: "Welcome", ...welcomeDefinition(connectionId), ...over });

describe("the list", () => {
  let shelf: Room;
  const ids: string[] = [];
  const listed = async (over: object = {}) => {
    const { data, next_cursor } = await listAutomations(shelf.actor, listAutomationsInput.parse(over));
    return { names: data.map(({ name }) => name), next_cursor };
  };
  beforeAll(async () => {
    shelf = await makeRoom();
    for (const [name, status] of [
      ["Welcome", "live"],
      ["100% off", "paused"],
      ["Winback", "draft"],
      ["Old", "archived"],
    ])
      ids.push(
        (await makeAutomation(db, { workspaceId: shelf.id, connectionId: shelf.connectionId, name, status })).id,
      );
  });

  test("is newest first, by pages that neither repeat nor lose one", async () => {
    expect((await listed()).names).toEqual(["Old", "Winback", "100% off", "Welcome"]);
    const first = await listed({ limit: 3 });
    expect(first).toEqual({ names: ["Old", "Winback", "100% off"], next_cursor: ids[1] });
    expect(await listed({ limit: 3, cursor: first.next_cursor })).toEqual({ names: ["Welcome"], next_cursor: null });
  });

  test("can be narrowed by status and by part of the name, whatever signs are in it", async () => {
    expect((await listed({ status: "paused" })).names).toEqual(["100% off"]);
    expect((await listed({ q: "WI" })).names).toEqual(["Winback"]);
    expect((await listed({ q: "0%" })).names).toEqual(["100% off"]);
    expect((await listed({ q: "_" })).names).toEqual([]);
    expect((await listed({ q: "w", status: "live" })).names).toEqual(["Welcome"]);
  });

  test("counts the people in each automation by how they stand, over all versions", async () => {
    const [automationId = ""] = ids;
    const version = await makeVersion(db, { workspaceId: shelf.id, automationId, number: 2, definition: {} });
    const live = await db.prisma.automationVersion.findFirstOrThrow({
      where: { workspaceId: shelf.id, automationId, number: 1 },
    });
    await makeEnrollments(db, { workspaceId: shelf.id, automationId, versionId: live.id }, [
      {},
      { status: "completed" },
      {},
    ]);
    await makeEnrollments(db, { workspaceId: shelf.id, automationId, versionId: version.id }, [
      { status: "exited" },
      {},
    ]);
    const { data } = await listAutomations(shelf.actor, listAutomationsInput.parse({}));
    expect(data.map(({ counts }) => counts)).toEqual([
      ...Array(3).fill({ active: 0, completed: 0, exited: 0 }),
      { active: 3, completed: 1, exited: 1 },
    ]);
  });

  test("does not count without end", async () => {
    const { id: automationId, version } = await makeAutomation(db, {
      workspaceId: shelf.id,
      connectionId: shelf.connectionId,
    });
    const person = await makeProfile(db, { workspaceId: shelf.id });
    await db.sql(
      `insert into enrollments (workspace_id, id, automation_id, version_id, profile_id, entry_key, ready_at)
       select $1, uuid_v7(), $2, $3, $4, n::text, now() from generate_series(1, $5::int) n`,
      [shelf.id, automationId, version.id, person.id, countedMax + 5],
    );
    expect((await getAutomation(shelf.actor, { id: automationId })).counts.active).toBe(countedMax);
  });
});

describe("a definition that this release cannot read", () => {
  test("is said of that automation only; it can be listed, and saved anew", async () => {
    const other = await makeRoom();
    const { id } = await makeAutomation(db, {
      workspaceId: other.id,
      definition: { trigger: { type: "moon_phase" }, steps: [] },
    });
    const readable = await makeAutomation(db, { workspaceId: other.id, connectionId: other.connectionId });
    const read = await getAutomation(other.actor, { id });
    expect(read).toMatchObject({ id, definition_error: expect.stringMatching(/cannot read trigger\.type/) });
    expect(read).not.toHaveProperty("steps");
    const { data } = await listAutomations(other.actor, listAutomationsInput.parse({}));
    expect(data.map(({ definition_error }) => definition_error === null)).toEqual([true, false]);
    const versions = await listVersions(other.actor, { id, limit: 50 });
    expect(versions.data).toMatchObject([{ number: 1, definition: null, definition_error: expect.any(String) }]);

    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect((await liveTriggers(db, systemTenant(other.id))).map(({ automationId }) => automationId)).toEqual([
      readable.id,
    ]);
    expect(said).toHaveBeenCalledOnce();
    expect(said.mock.calls[0]?.join()).toContain(id);

    expect(await updateAutomation(other.actor, edit(other, id))).toMatchObject({ definition_error: null });
  });
});

describe("live triggers", () => {
  test("are those of live versions, parsed, and of this workspace only", async () => {
    const other = await makeRoom();
    const made = await Promise.all(
      ["live", "paused", "archived", "draft"].map((status) =>
        makeAutomation(db, { workspaceId: other.id, connectionId: other.connectionId, status }),
      ),
    );
    await makeAutomation(db, { workspaceId: other.id, connectionId: other.connectionId, deletedAt: new Date() });
    expect(await liveTriggers(db, systemTenant(other.id))).toEqual([
      {
        automationId: made[0]?.id,
        versionId: made[0]?.version.id,
        trigger: { type: "event", event: "signed_up", where: null, source: "any" },
        audience: null,
        reentry: "once",
      },
    ]);
    await stopSending(other.actor);
    expect(await liveTriggers(db, systemTenant(other.id))).toEqual([]);
  });
});

describe("versions and people", () => {
  test("versions are listed newest first, with the one that is live", async () => {
    const { id } = await makeAutomation(db, { workspaceId: mine.id, connectionId: mine.connectionId });
    for (const number of [2, 3])
      await makeVersion(db, {
        workspaceId: mine.id,
        automationId: id,
        number,
        definition: welcomeDefinition(mine.connectionId),
      });
    const first = await listVersions(mine.actor, { id, limit: 2 });
    expect(first.data.map(({ number, live }) => [number, live])).toEqual([
      [3, false],
      [2, false],
    ]);
    expect(first.next_cursor).toBe("2");
    const second = await listVersions(mine.actor, { id, limit: 2, cursor: 2 });
    expect(second).toMatchObject({
      data: [{ number: 1, live: true, published_by: "test", automation_id: id }],
      next_cursor: null,
    });
  });

  test("people in it are listed newest first, with address and version, by status, and by any id of a person", async () => {
    const { id, version } = await makeAutomation(db, { workspaceId: mine.id, connectionId: mine.connectionId });
    const run = { workspaceId: mine.id, automationId: id, versionId: version.id };
    const ada = await makeProfile(db, { workspaceId: mine.id, email: "ada@example.com", externalId: "ada-1" });
    const nobody = await makeProfile(db, { workspaceId: mine.id, email: null });
    const [one, two, three] = await makeEnrollments(db, run, [
      { profileId: ada.id, status: "completed", endedAt: new Date() },
      { profileId: nobody.id },
      { profileId: ada.id, entryKey: "2", status: "exited", reason: "exit_step", endedAt: new Date() },
    ]);
    const list = async (over: object = {}) => listEnrollments(mine.actor, listEnrollmentsInput.parse({ id, ...over }));
    const ids = async (over: object) => (await list(over)).data.map((row) => row.id);
    expect((await list()).data).toMatchObject([
      { id: three?.id, email: "ada@example.com", version: 1, status: "exited", reason: "exit_step", automation_id: id },
      { id: two?.id, email: null, status: "active", due_at: expect.any(String), ended_at: null },
      { id: one?.id, status: "completed", due_at: null, ended_at: expect.any(String) },
    ]);
    expect(await ids({ status: "completed" })).toEqual([one?.id]);
    expect(await ids({ profile_id: "ada-1" })).toEqual([three?.id, one?.id]);
    expect(await ids({ profile_id: ada.id, status: "exited" })).toEqual([three?.id]);
    expect(await ids({ profile_id: "stranger" })).toEqual([]);
    const first = await list({ limit: 2 });
    expect(first.next_cursor).toBe(two?.id);
    expect(await ids({ limit: 2, cursor: first.next_cursor })).toEqual([one?.id]);
    const blind = await listEnrollments(without(mine.actor, "profiles:read"), listEnrollmentsInput.parse({ id }));
    expect(blind.data.map(({ email }) => email)).toEqual([null, null, null]);
  });

  test("a connection knows which automations use it, as edited or as live", async () => {
    const other = await makeRoom();
    const second = await makeConnection(db, { workspaceId: other.id });
    const tenant = systemTenant(other.id);
    const own = (over: object) =>
      makeAutomation(db, { workspaceId: other.id, connectionId: other.connectionId, ...over });
    await own({ name: "B live" });
    const edited = await own({ name: "A edited away" });
    await updateAutomation(
      other.actor,
      edit(other, edited.id, { name: "A edited away", steps: [emailStep("x", second.id)] }),
    );
    await own({ name: "Over", status: "archived" });
    expect((await automationsUsing(db, tenant, other.connectionId)).map(({ name }) => name)).toEqual([
      "A edited away",
      "B live",
    ]);
    expect(await automationsUsing(db, tenant, second.id)).toEqual([
      { id: edited.id, name: "A edited away", status: "live" },
    ]);
    expect(await automationsUsing(db, tenant, "not-an-id")).toEqual([]);
    expect(await automationsUsing(db, systemTenant(theirs.id), other.connectionId)).toEqual([]);
  });
});
