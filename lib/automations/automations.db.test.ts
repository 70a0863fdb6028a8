import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, systemTenant } from "../actor";
import { db } from "../db";
import { emailStep, makeAutomation, welcomeDefinition } from "../testing/factory";
import {
  type AutomationInput,
  createAutomation,
  deleteAutomation,
  getAutomation,
  listAutomations,
  listEnrollments,
  listVersions,
  liveTriggers,
  updateAutomation,
} from "./index";
import { createAutomationInput, listAutomationsInput, updateAutomationInput } from "./schema";
import { makeRoom, nowhere, type Room, refusal, without } from "./testing/room";

let mine: Room;
let theirs: Room;
beforeAll(async () => {
  [mine, theirs] = [await makeRoom(), await makeRoom()];
});

const input = (over: object = {}) =>
  createAutomationInput.parse({ name: "Welcome", ...welcomeDefinition(mine.connectionId), ...over });
const edit = (id: string, over: object = {}) => updateAutomationInput.parse({ id, ...input(), ...over });
const create = (over: object = {}) => createAutomation(mine.actor, input(over));

describe("an automation", () => {
  test("begins as a draft with what was given, and reads back the same", async () => {
    const made = await create({ audience: { field: "profile.plan", op: "eq", value: "pro" } });
    expect(made).toMatchObject({
      project_id: mine.id,
      name: "Welcome",
      status: "draft",
      live_version: null,
      unpublished_changes: true,
      definition_error: null,
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      audience: { field: "profile.plan", op: "eq", value: "pro" },
      reentry: "once",
      counts: { active: 0, completed: 0, exited: 0 },
    });
    expect(await getAutomation(mine.actor, { id: made.id })).toEqual(made);
  });

  test("is replaced as a whole by an edit", async () => {
    const made = await create({ audience: { field: "profile.plan", op: "eq", value: "pro" } });
    const edited = await updateAutomation(
      mine.actor,
      edit(made.id, { name: "Other", reentry: "every_time", steps: [] }),
    );
    expect(edited).toMatchObject({ name: "Other", audience: null, reentry: "every_time", steps: [], status: "draft" });
    expect(Date.parse(edited.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.updated_at));
  });

  test("keeps running as it was while its draft is edited", async () => {
    const { id, version } = await makeAutomation(db, { workspaceId: mine.id, connectionId: mine.connectionId });
    const edited = await updateAutomation(mine.actor, edit(id, { trigger: { type: "event", event: "other_event" } }));
    expect(edited).toMatchObject({ status: "live", live_version: 1, unpublished_changes: true });
    const live = (await liveTriggers(db, systemTenant(mine.id))).find(({ automationId }) => automationId === id);
    expect(live).toMatchObject({ versionId: version.id, trigger: { event: "signed_up" } });
  });

  test("can be edited by one after the other, never half by each", async () => {
    const { id } = await create();
    await Promise.all(
      [1, 2, 3, 4].map((n) =>
        updateAutomation(mine.actor, edit(id, { name: `N${n}`, steps: [emailStep(`s${n}`, mine.connectionId)] })),
      ),
    );
    const read = await getAutomation(mine.actor, { id });
    expect(read.definition_error).toBeNull();
    if (read.definition_error === null) expect(read.steps[0]?.id).toBe(`s${read.name.slice(1)}`);
  });

  test("that is archived stays as it is", async () => {
    const { id } = await makeAutomation(db, { workspaceId: mine.id, status: "archived" });
    expect(await refusal(updateAutomation(mine.actor, edit(id)))).toMatchObject({ code: "conflict" });
  });

  test("is deleted only as a draft or archived, and is gone then", async () => {
    for (const status of ["live", "paused"] as const) {
      const { id } = await makeAutomation(db, { workspaceId: mine.id, status });
      expect(await refusal(deleteAutomation(mine.actor, { id }))).toMatchObject({
        code: "conflict",
        message: expect.stringContaining("Archive it first"),
      });
    }
    for (const status of ["draft", "archived"] as const) {
      const { id } = await makeAutomation(db, { workspaceId: mine.id, status });
      expect(await deleteAutomation(mine.actor, { id })).toBeNull();
      expect((await refusal(getAutomation(mine.actor, { id }))).code).toBe("not_found");
      expect((await refusal(deleteAutomation(mine.actor, { id }))).code).toBe("not_found");
      const kept = await db.prisma.automation.findFirst({ where: { workspaceId: mine.id, id } });
      expect(kept?.deletedAt).toBeInstanceOf(Date);
    }
  });

  test("leaves a trace of who changed it", async () => {
    const { id } = await create({ name: "Traced" });
    await updateAutomation(mine.actor, edit(id, { name: "Traced again" }));
    await deleteAutomation(mine.actor, { id });
    const entries = await db.prisma.auditEntry.findMany({ where: { workspaceId: mine.id }, orderBy: { id: "asc" } });
    const about = entries.filter(({ data }) => (data as { id?: string }).id === id);
    expect(about.map(({ action }) => action).sort()).toEqual([
      "automation.changed",
      "automation.created",
      "automation.deleted",
    ]);
  });
});

describe("a text that does not parse", () => {
  const broken = () => ({
    steps: [
      emailStep("a", mine.connectionId, { subject: "Hi {{ profile.first_name", from_name: "{% if %}" }),
      {
        id: "b",
        type: "branch",
        branches: [
          {
            when: { field: "profile.plan", op: "exists" },
            steps: [emailStep("c", mine.connectionId, { html: "<p>\n{{ x | nope }}</p>" })],
          },
        ],
      },
    ],
  });
  const fields = {
    "steps.0.subject": [expect.stringMatching(/^Line 1, column 4: .+\.$/)],
    "steps.0.from_name": [expect.stringMatching(/^Line 1, column \d+: .+/)],
    "steps.1.branches.0.steps.0.html": [expect.stringMatching(/^Line 2, column \d+: .*nope/)],
  };

  test("is refused when it is saved, with line and column at its field", async () => {
    expect(await refusal(create(broken()))).toEqual({
      code: "validation_error",
      message: expect.stringMatching(/^steps\.0\.subject: Line 1/),
      fields,
    });
    const { id } = await create();
    expect(await refusal(updateAutomation(mine.actor, edit(id, broken())))).toMatchObject({ fields });
    expect(await getAutomation(mine.actor, { id })).toMatchObject({ steps: [{ id: "welcome" }] });
  });

  test("an email provider that does not exist is no matter before it is published", async () => {
    const made = await create({ steps: [emailStep("a", nowhere)] });
    expect(made.steps).toMatchObject([{ email_provider_id: nowhere }]);
  });
});

describe("nobody reaches what is not theirs", () => {
  const ways: [string, (actor: Actor, at: AutomationInput) => Promise<unknown>][] = [
    ["read", getAutomation],
    ["edited", (actor, { id }) => updateAutomation(actor, { ...edit(nowhere), id })],
    ["deleted", deleteAutomation],
    ["asked for versions", (actor, { id }) => listVersions(actor, { id, limit: 50 })],
    ["asked for people", (actor, { id }) => listEnrollments(actor, { id, limit: 50 })],
  ];
  test.each(ways)("another workspace's automation cannot be %s, nor one that does not exist", async (_, way) => {
    const foreign = await makeAutomation(db, {
      workspaceId: theirs.id,
      connectionId: theirs.connectionId,
      status: "draft",
    });
    for (const id of [foreign.id, nowhere, "not-an-id"])
      expect((await refusal(way(mine.actor, { id }))).code).toBe("not_found");
    expect(await getAutomation(theirs.actor, { id: foreign.id })).toMatchObject({
      name: foreign.name,
      status: "draft",
    });
  });

  test("the list shows none of another workspace", async () => {
    const { data } = await listAutomations(mine.actor, listAutomationsInput.parse({ limit: 200 }));
    expect(new Set(data.map(({ project_id }) => project_id))).toEqual(new Set([mine.id]));
  });

  test("who may only read can neither make, change nor delete one", async () => {
    const viewer = without(mine.actor, "automations:write");
    const { id } = await create();
    expect((await refusal(createAutomation(viewer, input()))).code).toBe("forbidden");
    expect((await refusal(updateAutomation(viewer, edit(id)))).code).toBe("forbidden");
    expect((await refusal(deleteAutomation(viewer, { id }))).code).toBe("forbidden");
    expect(await getAutomation(viewer, { id })).toMatchObject({ id });
    const stranger = without(mine.actor, "automations:read");
    expect((await refusal(getAutomation(stranger, { id }))).code).toBe("forbidden");
  });
});
