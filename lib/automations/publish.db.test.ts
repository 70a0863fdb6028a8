import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, systemTenant } from "../actor";
import { db, transaction } from "../db";
import {
  emailStep,
  makeAutomation,
  makeConnection,
  makeEnrollment,
  makeSend,
  makeWorkspace,
  welcomeDefinition,
} from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import {
  createAutomation,
  getAutomation,
  listVersions,
  liveTriggers,
  publishAutomation,
  updateAutomation,
} from "./index";
import { createAutomationInput, updateAutomationInput } from "./schema";
import { makeRoom, nowhere, outside, refusal } from "./testing/room";

let workspaceId: string;
let actor: Actor;
let connectionId: string;
beforeAll(async () => {
  ({ id: workspaceId, actor, connectionId } = await makeRoom());
});

const input = (over: object = {}) =>
  createAutomationInput.parse({ name: "Welcome", ...welcomeDefinition(connectionId), ...over });
const draft = (over: object = {}) => createAutomation(actor, input(over));
const edit = (id: string, over: object = {}) =>
  updateAutomation(actor, updateAutomationInput.parse({ id, ...input(), ...over }));
const publish = (id: string) => publishAutomation(actor, { id, in_flight: "finish" });
const numbers = async (id: string) => (await listVersions(actor, { id, limit: 200 })).data.map(({ number }) => number);
const cached = async () => (await db.prisma.workspace.findUniqueOrThrow({ where: { id: workspaceId } })).version;

describe("publishing", () => {
  test("makes a draft live as version 1, and every process forgets what it had cached", async () => {
    const { id } = await draft();
    const before = await cached();
    expect(await publish(id)).toMatchObject({ status: "live", live_version: 1, unpublished_changes: false });
    expect(await cached()).toBe(before + 1);
    const triggers = await liveTriggers(db, systemTenant(workspaceId));
    expect(triggers.map(({ automationId }) => automationId)).toContain(id);
    const entry = await db.prisma.auditEntry.findFirst({
      where: { workspaceId, action: "automation.published" },
      orderBy: { id: "desc" },
    });
    expect(entry?.data).toMatchObject({ id, version: 1, new_version: true });
  });

  test("after an edit makes the next version, and the older one never changes", async () => {
    const { id } = await draft();
    await publish(id);
    await edit(id, { trigger: { type: "event", event: "upgraded" } });
    expect(await publish(id)).toMatchObject({ live_version: 2, trigger: { event: "upgraded" } });
    const { data } = await listVersions(actor, { id, limit: 50 });
    expect(data.map(({ number, live, definition }) => [number, live, definition?.trigger.event])).toEqual([
      [2, true, "upgraded"],
      [1, false, "signed_up"],
    ]);
  });

  test("again without a change makes no new version, and who undoes an edit has nothing to publish", async () => {
    const { id } = await draft();
    await publish(id);
    expect(await publish(id)).toMatchObject({ status: "live", live_version: 1 });
    await edit(id, { reentry: "every_time" });
    expect(await edit(id)).toMatchObject({ unpublished_changes: false });
    await publish(id);
    expect(await numbers(id)).toEqual([1]);
  });

  test("at the same moment, with edits in between, gives each number once", async () => {
    const { id } = await draft();
    await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        await edit(id, { trigger: { type: "event", event: `event_${n}` } });
        await publish(id);
      }),
    );
    const given = await numbers(id);
    expect(given).toEqual(given.map((_, index) => given.length - index));
    expect(given.length).toBeGreaterThan(0);
    const read = await getAutomation(actor, { id });
    expect(read).toMatchObject({ live_version: given[0], unpublished_changes: false });
  });

  test("of the same draft by several at once makes one version", async () => {
    const { id } = await draft();
    await Promise.all([1, 2, 3, 4].map(() => publish(id)));
    expect(await numbers(id)).toEqual([1]);
  });

  test("of a paused automation sets it live and puts back to work what was parked", async () => {
    const { id, version } = await makeAutomation(db, {
      workspaceId,
      connectionId,
      status: "paused",
      pausedAt: new Date(),
    });
    const run = await makeEnrollment(db, {
      workspaceId,
      automationId: id,
      versionId: version.id,
      stepId: "welcome",
      dueAt: null,
    });
    const send = await makeSend(db, {
      workspaceId,
      connectionId,
      automationId: id,
      enrollmentId: run.id,
      stepId: "welcome",
      dueAt: null,
    });
    expect(await publish(id)).toMatchObject({ status: "live", live_version: 1 });
    const key = (id: string) => ({ where: { workspaceId_id: { workspaceId, id } } });
    expect((await db.prisma.enrollment.findUniqueOrThrow(key(run.id))).dueAt).toBeInstanceOf(Date);
    expect(await db.prisma.send.findUniqueOrThrow(key(send.id))).toMatchObject({
      status: "queued",
      dueAt: expect.any(Date),
    });
    expect((await db.prisma.automation.findUniqueOrThrow(key(id))).pausedAt).toBeNull();
  });
});

describe("publishing is refused, and changes nothing,", () => {
  async function refused(over: object) {
    const { id } = await draft(over);
    const before = await cached();
    const said = await refusal(publish(id));
    expect(await getAutomation(actor, { id })).toMatchObject({ status: "draft", live_version: null });
    expect(await numbers(id)).toEqual([]);
    expect(await cached()).toBe(before);
    return said;
  }
  const unfit = async (over: object) => {
    const connection = await makeConnection(db, { workspaceId, ...over });
    return { steps: [emailStep("a", connection.id)] };
  };

  test("without steps", async () => {
    expect(await refused({ steps: [] })).toEqual({
      code: "validation_error",
      message: "steps: Add at least one step.",
      fields: { steps: ["Add at least one step."] },
    });
  });

  test("with an email provider that is missing, unknown, deleted, disabled, or another workspace's", async () => {
    const other = await makeWorkspace(db);
    const foreign = await makeConnection(db, { workspaceId: other.id });
    for (const over of [
      { steps: [{ ...emailStep("a", connectionId), email_provider_id: null }] },
      { steps: [emailStep("a", nowhere)] },
      { steps: [emailStep("a", foreign.id)] },
      await unfit({ deletedAt: new Date() }),
      await unfit({ status: "disabled" }),
    ]) {
      const { code, fields } = await refused(over);
      expect(code).toBe("validation_error");
      expect(Object.keys(fields ?? {})).toEqual(["steps.0.email_provider_id"]);
    }
  });

  test("without a sender address, the step's or the provider's", async () => {
    const { code, fields } = await refused(await unfit({ fromEmail: null }));
    expect([code, Object.keys(fields ?? {})]).toEqual(["validation_error", ["steps.0.from_email"]]);
  });

  test("for lifecycle mail on a transactional stream, with why, unless the connection allows it", async () => {
    const transactional = await unfit({ messageStream: "outbound" });
    expect(await refused(transactional)).toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/transactional.*broadcast.*allow_transactional/),
    });
    const { id } = await draft(await unfit({ messageStream: "outbound", allowTransactional: true }));
    expect(await publish(id)).toMatchObject({ status: "live" });
  });

  test("of what is archived, or not there for this workspace", async () => {
    const { id } = await makeAutomation(db, { workspaceId, connectionId, status: "archived" });
    expect(await refusal(publish(id))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("archived"),
    });
    const other = await makeWorkspace(db);
    const foreign = await makeAutomation(db, { workspaceId: other.id, status: "draft" });
    for (const absent of [foreign.id, nowhere, "nonsense"])
      expect((await refusal(publish(absent))).code).toBe("not_found");
    expect((await db.prisma.automation.findFirstOrThrow({ where: { id: foreign.id } })).status).toBe("draft");
  });

  test("where it meets an archiving that is under way", async () => {
    const { id } = await draft();
    let published: Promise<unknown> = Promise.resolve();
    await transaction(async (tx) => {
      await tx.prisma.automation.updateMany({ where: { workspaceId, id }, data: { status: "archived" } });
      published = outside(() => refusal(publish(id)));
      await somebodyWaits();
    });
    expect(await published).toMatchObject({ code: "conflict" });
    expect(await getAutomation(actor, { id })).toMatchObject({ status: "archived", live_version: null });
  });

  test("of a draft that this release cannot read", async () => {
    const { id } = await makeAutomation(db, { workspaceId, definition: { trigger: {}, steps: [] }, status: "draft" });
    expect(await refusal(publish(id))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("Save it anew"),
    });
  });

  test("by who may only read", async () => {
    const { id } = await draft();
    const viewer: Actor = { ...actor, kind: "user", permissions: new Set(["automations:read"]) };
    const refused = await refusal(publishAutomation(viewer, { id, in_flight: "finish" }));
    expect(refused.code).toBe("forbidden");
  });
});
