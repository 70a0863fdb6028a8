import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAutomation, pauseAutomation, publishAutomation } from "../automations";
import { createAutomationInput } from "../automations/schema";
import { db } from "../db";
import { alias, sendEvents } from "../events";
import { aliasInput } from "../events/schema";
import { newSecret } from "../ids";
import { makeApiKey, makeDecisions, makeEvents, makeProfile, makeWorkspace } from "../testing/factory";
import { serve } from "../web/route";
import { whyOperation } from "./operations";
import type { WhyAutomation, WhyEverywhere } from "./schema";
import { actorIn, email, happens, signsUp, trigger, worldOf } from "./testing/cases";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

const handler = serve(whyOperation);
type Asked = { key?: string | null; query?: Record<string, string> };

async function ask(id: string, { key = secret, query = {} }: Asked = {}) {
  const headers = new Headers(key === null ? {} : { authorization: `Bearer ${key}` });
  const request = new Request(`http://localhost/v1/x?${new URLSearchParams(query)}`, { headers });
  const answer = await handler(request, { params: Promise.resolve({ id }) });
  return { status: answer.status, body: await answer.json() };
}
const about = async (id: string, automation_id: string, key = secret): Promise<WhyAutomation> => {
  const { status, body } = await ask(id, { key, query: { automation_id } });
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};

let workspaceId: string;
let secret: string;
const keyOf = async (id: string, over: object = {}) => (await makeApiKey(db, { workspaceId: id, ...over })).secret;

describe("the door of why", () => {
  let automationId: string;
  let personId: string;
  beforeAll(async () => {
    const world = await makeWorld();
    ({ workspaceId } = world);
    secret = await keyOf(workspaceId);
    automationId = world.automation.id;
    const person = await makeProfile(db, { workspaceId, externalId: "ada", anonymousIds: ["browser-7"] });
    personId = person.id;
  });

  test("opens for any of a person's three ids", async () => {
    for (const id of [personId, "ada", "browser-7"])
      expect(await about(id, automationId)).toMatchObject({ profile_id: personId, automation_id: automationId });
  });

  test("stays closed without a key, and for keys that may not read people", async () => {
    expect(await ask("ada", { key: null })).toMatchObject({ status: 401, body: { error: "unauthenticated" } });
    const narrow = await keyOf(workspaceId, { secret: `gflux_secret_live_${newSecret()}`, scopes: ["sends:read"] });
    expect(await ask("ada", { key: narrow })).toMatchObject({ status: 403, body: { error: "insufficient_scope" } });
  });

  test("finds nothing of another workspace: neither person, nor automation, nor run", async () => {
    const other = await makeWorld();
    await other.enroll([{ externalId: "eve" }]);
    const [run] = await other.runs();
    expect((await ask("eve", { query: { automation_id: automationId } })).status).toBe(404);
    expect((await ask("ada", { query: { automation_id: other.automation.id } })).status).toBe(404);
    expect((await ask("ada", { query: { automation_id: "nonsense" } })).status).toBe(404);
    const foreign = { automation_id: automationId, enrollment_id: run?.id ?? "" };
    expect((await ask("ada", { query: foreign })).status).toBe(404);
    const elsewhere = await ask("eve", { key: await keyOf(other.workspaceId) });
    expect(elsewhere.body.automations.map(({ automation_id }: { automation_id: string }) => automation_id)).toEqual([
      other.automation.id,
    ]);
  });

  test("says what is wrong with what is asked", async () => {
    expect(await ask("ada", { query: { limit: "0" } })).toMatchObject({
      status: 400,
      body: { error: "validation_error" },
    });
    expect((await ask("ada", { query: { cursor: "nonsense" } })).status).toBe(400);
    expect((await ask("ada", { query: { automation: automationId } })).body.detail).toContain("automation_id");
  });
});

describe("one automation", () => {
  beforeEach(async () => {
    workspaceId = (await makeWorkspace(db)).id;
    secret = await keyOf(workspaceId);
  });
  const made = async (over: object = {}) => {
    const actor = actorIn(workspaceId);
    const steps = [{ id: "wait", type: "delay", for: "P1D" }];
    const { id } = await createAutomation(
      actor,
      createAutomationInput.parse({ name: "Welcome", trigger, steps, ...over }),
    );
    await publishAutomation(actor, { id, in_flight: "finish" });
    return { id, actor };
  };

  test("tells a run from its beginning to the email, each decision with its reason", async () => {
    const world = await worldOf((id) => [email(id)]);
    secret = await keyOf(world.workspaceId);
    await signsUp(world);
    await world.pass();
    const why = await about("ada", world.automation.id);
    expect(why.not_entered).toBeNull();
    expect(why.answer).toMatchObject({
      code: "accepted",
      sentence: expect.stringMatching(/^The provider took it\. At /),
    });
    const [run] = why.runs;
    expect(run?.decisions.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
      "entered trigger",
      "queued reached",
      "sent accepted",
      "completed finished",
    ]);
    expect(run?.sends).toMatchObject([{ step_id: "welcome", status: "sent", answer: { code: "accepted" } }]);
    const [send] = await world.sends();
    const only = { automation_id: world.automation.id, enrollment_id: send?.enrollmentId ?? "" };
    expect((await ask("ada", { query: only })).body).toMatchObject({ runs: [{ sends: [{ send_id: send?.id }] }] });
  });

  test("looks at the version that was live when the event came, whatever came after", async () => {
    const { id, actor } = await made({ audience: { field: "profile.plan", op: "eq", value: "pro" } });
    await happens(workspaceId, "$identify", { traits: { plan: "free" } });
    await happens(workspaceId, "signed_up");
    await db.sql("update automations set definition = jsonb_set(definition, '{audience}', 'null') where id = $1", [id]);
    await publishAutomation(actor, { id, in_flight: "finish" });
    await pauseAutomation(actor, { id, queued: "hold" });
    expect(await about("ada", id)).toMatchObject({
      automation_status: "paused",
      answer: { code: "audience_not_met", sentence: expect.stringContaining("as they are now") },
      not_entered: {
        checked: [{ reason: "audience_not_met", details: { version: 1, values: { "profile.plan": "free" } } }],
      },
    });
  });

  test("counts what had been performed by then, and not what was performed since", async () => {
    const { id } = await made({ audience: { performed: "bought", count: { op: "lte", value: 1 } } });
    await sendEvents(actorIn(workspaceId), {
      events: ["bought", "bought", "signed_up"].map((event) => ({ event, external_id: "ada" })),
    });
    expect(await about("ada", id)).toMatchObject({ answer: { code: "audience_not_met" } });
    const first = await made({ audience: { performed: "bought" } });
    await happens(workspaceId, "signed_up", {}, "bob");
    await happens(workspaceId, "bought", {}, "bob");
    const why = await about("bob", first.id);
    expect(why.answer.code, "bought only after signing up").toBe("audience_not_met");
  });

  test("finds the events and runs of those who were merged into the person", async () => {
    const { id } = await made({ reentry: "every_time" });
    await happens(workspaceId, "signed_up", {}, "ada");
    await happens(workspaceId, "signed_up", {}, "lovelace");
    await alias(actorIn(workspaceId), aliasInput.parse({ user_id: "ada", previous_id: "lovelace" }));
    for (const name of ["ada", "lovelace"]) {
      const why = await about(name, id);
      expect(why.runs).toHaveLength(2);
      expect(why.not_entered).toBeNull();
    }
  });

  test("says that there is more than it shows", async () => {
    const { id } = await made({ trigger: { ...trigger, where: { field: "event.amount", op: "gt", value: 1 } } });
    const { id: profileId } = await makeProfile(db, { workspaceId, externalId: "ada" });
    const hour = 3_600_000;
    const ago = (hours: number) => new Date(Date.now() - hours * hour);
    await db.sql("update automation_versions set created_at = $2 where automation_id = $1", [id, ago(100)]);
    await makeEvents(
      db,
      { workspaceId },
      Array.from({ length: 21 }, (_, index) => ({ profileId, occurredAt: ago(index + 1) })),
    );
    const { not_entered } = await about("ada", id);
    expect(not_entered?.checked).toHaveLength(20);
    expect(not_entered).toMatchObject({ reason: "where_not_met", more: true });
  });

  test("shows the newest runs of somebody who entered again and again", async () => {
    const { id } = await made({ reentry: "every_time" });
    await sendEvents(actorIn(workspaceId), {
      events: Array.from({ length: 12 }, () => ({ event: "signed_up", external_id: "ada" })),
    });
    const why = await about("ada", id);
    expect([why.runs.length, why.more_runs, why.not_entered]).toEqual([10, true, null]);
  });
});

describe("all automations", () => {
  test("each that runs has its line, and decisions are paged, newest first", async () => {
    const world = await makeWorld();
    ({ workspaceId } = world);
    secret = await keyOf(workspaceId);
    const { profiles } = await world.enroll(people(1));
    await world.pass();
    const id = profiles[0]?.id ?? "";
    await makeDecisions(db, { workspaceId }, [{ profileId: id, kind: "waited", reason: "delay" }]);
    const paused = await createAutomation(
      actorIn(workspaceId),
      createAutomationInput.parse({ name: "Never live", trigger, steps: [] }),
    );
    const first: WhyEverywhere = (await ask(id, { query: { limit: "2" } })).body;
    expect(first.automations).toEqual([
      expect.objectContaining({
        automation_id: world.automation.id,
        answer: expect.objectContaining({ code: "accepted" }),
      }),
    ]);
    expect(first.automations.map(({ automation_id }) => automation_id)).not.toContain(paused.id);
    const second: WhyEverywhere = (await ask(id, { query: { limit: "50", cursor: first.next_cursor ?? "" } })).body;
    expect([...first.data, ...second.data].map(({ reason }) => reason)).toEqual([
      "delay",
      "finished",
      "accepted",
      "reached",
    ]);
    expect([first.data.length, second.next_cursor]).toEqual([2, null]);
  });
});
