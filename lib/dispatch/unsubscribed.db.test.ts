import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Tenant } from "../actor";
import { pauseAutomation } from "../automations";
import { openConnector } from "../connections";
import { type Db, db } from "../db";
import { newId } from "../ids";
import { receiveWebhook, resubscribe, unsubscribe } from "../sends";
import { unsubscribeToken } from "../sends/unsubscribe-link";
import { tendSuppressionLists } from "../suppressions";
import { emailStep } from "../testing/factory";
import { advanceWorkspace } from "./advance";
import { claimRuns, settleRuns } from "./store-runs";
import { actorIn, type World, withSteps } from "./testing/cases";
import { makeWorld, quiesce } from "./testing/world";

beforeEach(quiesce);

const delay = { id: "day", type: "delay", for: "P1D" };
const twoEmails = (id: string) => [emailStep("first", id), delay, emailStep("second", id)];
const exit = { on_unsubscribe: "exit" };

/** Ada got her first email and waits for the second. */
async function underWay(over: object = {}, steps: (connectionId: string) => object[] = twoEmails) {
  const world = await makeWorld({ definition: withSteps(steps, over) });
  await world.enroll([{ email: "ada@example.com" }]);
  await world.pass();
  return { ...world, token: await tokenOf(world) };
}
async function tokenOf(world: World, stream = "broadcast"): Promise<string> {
  const [send] = await world.sends();
  if (!send) throw new Error("nothing was sent");
  const { workspaceId, connectionId, id: sendId } = send;
  return unsubscribeToken({ workspaceId, connectionId, sendId, stream, email: "Ada@Example.com" });
}
/** Of an email that Ada got long ago. */
const olderToken = ({ workspaceId, connection }: World) =>
  unsubscribeToken({
    workspaceId,
    connectionId: connection.id,
    sendId: newId(),
    stream: "broadcast",
    email: "ada@example.com",
  });
async function aDayPasses({ workspaceId, letTimePass, pass }: World): Promise<void> {
  await db.sql(
    "update enrollments set step_due_at = step_due_at - interval '25 hours', ready_at = ready_at - interval '25 hours' where workspace_id = $1",
    [workspaceId],
  );
  await letTimePass();
  await pass();
}
const runs = async (world: World) => (await world.runs()).map(({ status, reason }) => `${status} ${reason}`);
const sends = async (world: World) => (await world.sends()).map(({ status, reason }) => `${status} ${reason}`);

describe("a person who unsubscribes", () => {
  test("stays in an automation that says nothing of it, and its later emails are left out", async () => {
    const here = await underWay();
    await unsubscribe(here.token, "page");
    await here.pass();
    expect(await runs(here)).toEqual(["active null"]);
    await aDayPasses(here);
    expect(await runs(here)).toEqual(["completed null"]);
    expect(await sends(here)).toEqual(["sent null", "skipped suppressed"]);
  });

  test("leaves at once an automation that says exit, with the place that they left written down", async () => {
    const here = await underWay(exit);
    await unsubscribe(here.token, "page");
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed"]);
    const told = (await here.decisions()).find(({ reason }) => reason === "unsubscribed");
    expect(told).toMatchObject({ kind: "exited", details: { connection_id: here.connection.id, stream: "broadcast" } });
    expect(await db.prisma.runSignal.count({ where: { workspaceId: here.workspaceId } })).toBe(0);
  });

  test("by the provider's webhook leaves it too", async () => {
    const here = await underWay(exit);
    const [send] = await here.sends();
    const sample = readFileSync(
      new URL("../sandbox/samples/webhook.subscription-change-unsubscribe.json", import.meta.url),
      "utf8",
    );
    const change = {
      ...JSON.parse(sample),
      Recipient: "ada@example.com",
      MessageStream: "broadcast",
      Metadata: { send_id: send?.id },
    };
    await receiveWebhook({
      workspaceId: here.workspaceId,
      connectionId: here.connection.id,
      headers: new Headers({ "x-gflux-webhook-secret": "test-webhook-secret" }),
      bodyText: JSON.stringify(change),
    });
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed"]);
  });

  test("as only the reading of the provider's list tells leaves it too, at once", async () => {
    const here = await underWay(exit);
    const entry = { reason: "unsubscribe", origin: "recipient", createdAt: new Date() } as const;
    here.fake.suppressionList.listOf("broadcast").set("ada@example.com", { email: "ada@example.com", ...entry });
    await db.sql("update connections set lists_stale = true where workspace_id = $1", [here.workspaceId]);
    const means = {
      chance: () => 0.5,
      settlingMs: 0,
      open: async (at: Db, tenant: Tenant, id: string) => {
        const { connection } = await openConnector(at, tenant, id);
        return { connection, connector: here.fake };
      },
    };
    expect((await tendSuppressionLists({ budgetMs: 20_000 }, means)).read).toBeGreaterThan(0);
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed"]);
    // What was known already tells nobody anything.
    await db.sql("update suppression_lists set due_at = now() where workspace_id = $1", [here.workspaceId]);
    await tendSuppressionLists({ budgetMs: 20_000 }, means);
    expect(await db.prisma.runSignal.count({ where: { workspaceId: here.workspaceId } })).toBe(0);
  });

  test("leaves while it is paused, and what waits in the queue is dropped", async () => {
    const here = await makeWorld({ definition: withSteps(twoEmails, exit), connection: { status: "disabled" } });
    await here.enroll([{ email: "ada@example.com" }]);
    await here.pass();
    await pauseAutomation(actorIn(here.workspaceId), { id: here.automation.id, queued: "hold" });
    await here.pass();
    await unsubscribe(olderToken(here), "one_click");
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed"]);
    expect(await sends(here)).toEqual(["skipped run_ended"]);
  });

  test("from another stream stays, and nobody else leaves with them", async () => {
    const here = await underWay(exit);
    await here.enroll([{ email: "bob@example.com" }]);
    await unsubscribe(await tokenOf(here, "newsletter"), "page");
    await here.pass();
    expect((await runs(here)).sort()).toEqual(["active null", "active null"]);
    await unsubscribe(here.token, "page");
    await here.pass();
    expect((await runs(here)).sort()).toEqual(["active null", "exited unsubscribed"]);
  });

  test("and takes it back before anybody looked stays", async () => {
    const here = await underWay(exit);
    await unsubscribe(here.token, "page");
    await resubscribe(here.token);
    await here.pass();
    expect(await runs(here)).toEqual(["active null"]);
    await aDayPasses(here);
    expect(await sends(here)).toEqual(["sent null", "sent null"]);
  });

  test("before they entered gets nothing of it", async () => {
    const here = await underWay(exit);
    await unsubscribe(here.token, "page");
    await here.enroll([{ email: "ada@example.com" }]);
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed", "exited unsubscribed"]);
    expect(here.fake.outbox).toHaveLength(1);
  });
});

describe("an unsubscribe at the very moment of a decision", () => {
  test("is not overtaken by whoever holds the run: what they decided without knowing is not written", async () => {
    const here = await underWay(exit);
    await here.letTimePass();
    const claim = await claimRuns(db, here.tenant, { limit: 10, leaseMs: 30_000 });
    const [run] = claim?.runs ?? [];
    if (!claim || !run) throw new Error("the run was due");
    await unsubscribe(here.token, "page");
    const place = { stepId: run.stepId, stepDueAt: run.stepDueAt, readyAt: run.readyAt };
    const late = { run, place, status: "completed", reason: null, dueAt: null, attempt: 0, notes: [] } as const;
    expect(await settleRuns(db, claim, [late])).toEqual([run.id]);
    await here.pass();
    expect(await runs(here)).toEqual(["exited unsubscribed"]);
  });

  test("lets no email begin to leave that was claimed and written before it, and says why", async () => {
    const here = await makeWorld();
    await here.enroll([{ email: "ada@example.com" }, { email: "bob@example.com" }]);
    let late = true;
    const step = async (name: string) => {
      if (name !== "confirm" || !late) return;
      late = false;
      await unsubscribe(olderToken(here), "one_click");
    };
    await here.pass({ step });
    expect(here.fake.outbox.map(({ to }) => to)).toEqual(["bob@example.com"]);
    await here.letTimePass();
    await here.pass();
    expect((await sends(here)).sort()).toEqual(["sent null", "skipped suppressed"]);
  });

  test("holds the run's email on another stream, too, until the run is looked at", async () => {
    const elsewhere = (id: string) => [emailStep("first", id), emailStep("other", id, { message_stream: "news" })];
    const here = await makeWorld({ definition: withSteps(elsewhere, exit) });
    await here.enroll([{ email: "ada@example.com" }]);
    await here.pass();
    expect(await sends(here)).toEqual(["sent null", "sent null"]);
    const next = await here.enroll([{ email: "ada@example.com" }], { stepId: "other" });
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await advanceWorkspace(here.workspaceId, { chance: () => 0.5 });
    await unsubscribe(await tokenOf(here), "page");
    await here.pass();
    const mine = (await here.sends()).filter(({ enrollmentId }) => enrollmentId === next.runs[0]?.id);
    expect(mine).toMatchObject([{ status: "skipped", reason: "run_ended" }]);
    expect(here.fake.outbox).toHaveLength(2);
  });
});
