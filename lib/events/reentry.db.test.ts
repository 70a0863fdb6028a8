import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { makeAutomation, makeEnrollment, makeProfile, makeVersion, makeWorkspace } from "../testing/factory";
import { bumpVersion } from "../workspaces";
import { type Outcome, storeGroup } from "./group";
import { sendEvent, sendEvents } from "./index";
import { readTicket } from "./ticket";

let actor: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  tenant = systemTenant(workspaceId);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions) };
});

type Reentry = string | { once_every: string };
const definition = (reentry: Reentry, audience: object | null = null) => ({
  trigger: { type: "event", event: "signed_up", where: null, source: "any" },
  audience,
  reentry,
  exit_when: null,
  goal: null,
  steps: [{ id: "end", type: "exit" }],
});
const live = (reentry: Reentry, audience: object | null = null) =>
  makeAutomation(db, { workspaceId: tenant.workspaceId, definition: definition(reentry, audience) });
const signUp = (external_id: string) => sendEvent(actor, { event: "signed_up", external_id });
const entries = async (automationId: string, external_id: string) => {
  const rows = await db.sql(
    `select 1 from enrollments e join identifiers i on i.workspace_id = $1 and i.profile_id = e.profile_id and i.value = $3
     where e.workspace_id = $1 and e.automation_id = $2`,
    [tenant.workspaceId, automationId, external_id],
  );
  return rows.length;
};

/** Makes everything that has happened so far happen longer ago. */
async function pass(interval: string): Promise<void> {
  const values = [tenant.workspaceId, interval];
  await db.sql("update entry_gates set entered_at = entered_at - $2::interval where workspace_id = $1", values);
  await db.sql("update enrollments set created_at = created_at - $2::interval where workspace_id = $1", values);
}

/** Publishes another rule: a new version goes live, and every process hears of it. */
async function publish(automationId: string, reentry: Reentry): Promise<void> {
  const { workspaceId } = tenant;
  const number = Math.floor(Math.random() * 1e9);
  const version = await makeVersion(db, { workspaceId, automationId, number, definition: definition(reentry) });
  await db.sql("update automations set live_version_id = $3 where workspace_id = $1 and id = $2", [
    workspaceId,
    automationId,
    version.id,
  ]);
  await bumpVersion(db, tenant);
}

// Both ways in: where the event decides alone, and where the person has to be looked at.
describe.each([null, { field: "profile.external_id", op: "exists" }])("with audience %j", (audience) => {
  test("once lets nobody in a second time, neither after their run has ended nor through a newer version", async () => {
    const { id } = await live("once", audience);
    await signUp("u1");
    await db.sql("update enrollments set status = 'completed', due_at = null where workspace_id = $1", [
      tenant.workspaceId,
    ]);
    await signUp("u1");
    await publish(id, "once");
    await signUp("u1");
    await signUp("u2");
    expect([await entries(id, "u1"), await entries(id, "u2")]).toEqual([1, 1]);
  });

  test("once_every lets in again when the last entry is long enough ago, and not before", async () => {
    const { id } = await live({ once_every: "P30D" }, audience);
    await signUp("u1");
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(1);
    await pass("719 hours 59 minutes");
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(1);
    await pass("1 minute");
    await signUp("u1");
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(2);
    await pass("719 hours");
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(2);
    await signUp("u2");
    expect(await entries(id, "u2")).toBe(1);
  });

  test("once_every lets in once of a batch, and each of its people", async () => {
    const { id } = await live({ once_every: "PT1H" }, audience);
    const event = { event: "signed_up", external_id: "u1" };
    await sendEvents(actor, { events: [event, event, { ...event, external_id: "u2" }, event] });
    expect([await entries(id, "u1"), await entries(id, "u2")]).toEqual([1, 1]);
  });
});

describe("a rule counts the entries that were made under another", () => {
  test("once, after every_time and after once_every", async () => {
    for (const before of ["every_time", { once_every: "PT1H" }]) {
      const { id } = await live(before);
      await signUp("u1");
      await pass("2 hours");
      await publish(id, "once");
      await signUp("u1");
      await signUp("u2");
      expect([await entries(id, "u1"), await entries(id, "u2")]).toEqual([1, 1]);
    }
  });

  test("once_every, after every_time and after once", async () => {
    for (const before of ["every_time", "once"]) {
      const { id } = await live(before);
      await signUp("u1");
      await publish(id, { once_every: "PT1H" });
      await signUp("u1");
      expect(await entries(id, "u1")).toBe(1);
      await pass("61 minutes");
      await signUp("u1");
      expect(await entries(id, "u1")).toBe(2);
    }
  });

  test("every_time lets in whatever was before, and the next rule counts from there", async () => {
    const { id } = await live("once");
    await signUp("u1");
    await publish(id, "every_time");
    await signUp("u1");
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(3);
    await publish(id, { once_every: "PT1H" });
    await signUp("u1");
    expect(await entries(id, "u1")).toBe(3);
  });

  test("also those of before there were gates", async () => {
    const { workspaceId } = tenant;
    const old = async (reentry: Reentry, external: string, createdAt: Date) => {
      const { id, version } = await live(reentry);
      const person = await makeProfile(db, { workspaceId, externalId: external });
      const run = { workspaceId, automationId: id, versionId: version.id, profileId: person.id };
      await makeEnrollment(db, { ...run, entryKey: newId(), createdAt, status: "completed" });
      await bumpVersion(db, tenant);
      await signUp(external);
      return entries(id, external);
    };
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    expect(await old("once", "a", ago(900))).toBe(1);
    expect(await old({ once_every: "PT2H" }, "b", ago(1))).toBe(1);
    expect(await old({ once_every: "PT2H" }, "c", ago(3))).toBe(2);
    expect(await old("every_time", "d", ago(1))).toBe(2);
  });
});

test("in another workspace the same person and event are nobody's entry", async () => {
  const { id } = await live("once");
  const { id: workspaceId } = await makeWorkspace(db);
  const theirs = await makeAutomation(db, { workspaceId, definition: definition("once") });
  await sendEvent({ ...actor, workspaceId }, { event: "signed_up", external_id: "u1" });
  await signUp("u1");
  const rows = await db.sql<{ automation_id: string }>(
    "select automation_id from entry_gates where workspace_id = any($1)",
    [[tenant.workspaceId, workspaceId]],
  );
  expect(rows.map((row) => row.automation_id).sort()).toEqual([id, theirs.id].sort());
  expect(await entries(id, "u1")).toBe(1);
});

/** A group of its own, as another process would store it. */
async function group(external_ids: readonly string[]): Promise<void> {
  const outcomes: Outcome[] = [];
  const arrival = { source: "server" as const, receivedAtMs: Date.now(), plain: true, bodyBytes: 0 };
  const body = { events: external_ids.map((external_id) => ({ event: "signed_up", external_id })) };
  const ticket = readTicket({ form: "batch", requestId: "r", actorVersion: null, idempotency: null, arrival, body });
  await storeGroup(tenant, [{ ticket, settled: false, tell: (outcome) => outcomes.push(outcome) }]);
  expect(outcomes).toMatchObject([{ kind: "answered", answer: { body: { accepted: external_ids.length } } }]);
}

test("of many who store the same people's events at the same moment, one lets each in, whatever the rule", async () => {
  const looking = { field: "profile.external_id", op: "exists" };
  const limited = [
    await live("once"),
    await live("once", looking),
    await live({ once_every: "P1D" }),
    await live({ once_every: "P1D" }, looking),
  ];
  const each = await live("every_time");
  const people = Array.from({ length: 12 }, (_, number) => `p${number}`);
  const rounds = 5;
  const lines = 8;
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await pass("1 day");
    const shuffled = () => people.toSorted(() => Math.random() - 0.5);
    await Promise.all(Array.from({ length: lines }, () => group(shuffled())));
  }
  const counted = async (automationId: string) =>
    (await Promise.all(people.map((one) => entries(automationId, one)))).sort();
  const times = (number: number) => people.map(() => number);
  const [once, onceLooking, every, everyLooking] = await Promise.all(limited.map(({ id }) => counted(id)));
  expect([once, onceLooking]).toEqual([times(1), times(1)]);
  expect([every, everyLooking]).toEqual([times(rounds), times(rounds)]);
  expect(await counted(each.id)).toEqual(times(rounds * lines));
});

test("a rule that is changed while events are being stored lets nobody in twice", async () => {
  const { id } = await live("every_time");
  const people = Array.from({ length: 6 }, (_, number) => `q${number}`);
  await Promise.all([group(people), group(people), publish(id, "once"), group(people), group(people)]);
  const before = await Promise.all(people.map((one) => entries(id, one)));
  await Promise.all([group(people), group(people)]);
  // Whoever was in under the old rule, however often, is not let in by the new one.
  expect(await Promise.all(people.map((one) => entries(id, one)))).toEqual(before.map((times) => Math.max(1, times)));
});
