import { afterEach, describe, expect, test, vi } from "vitest";
import { pauseAutomation, resumeAutomation } from "../automations";
import { db, outsideTransaction, transaction } from "../db";
import { sendEvent } from "../events";
import { newId } from "../ids";
import { emailStep } from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import { signalsPerLook } from "./limits";
import { claimRuns, settleRuns } from "./store-runs";
import { actorOf, ada, base, day, ends, exit, goBack, happen, refused, type World, waitFor } from "./testing/rules";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

const reasonsOf = async (world: World, kind?: string) =>
  (await world.decisions()).filter((made) => kind === undefined || made.kind === kind).map(({ reason }) => reason);
const signals = ({ workspaceId }: World) => db.prisma.runSignal.findMany({ where: { workspaceId } });
const subjects = (world: World) => world.fake.outbox.map(({ message }) => message.subject);
describe("an event that ends runs", () => {
  const exitWhen = (steps: object[], over: object = {}) => ({
    ...base,
    exit_when: [{ event: "deleted" }],
    steps,
    ...over,
  });

  test("that was acknowledged lets no further email of the run leave, and drops what is queued", async () => {
    const world = await makeWorld({ definition: (id) => exitWhen([emailStep("one", id), emailStep("two", id)]) });
    world.fake.answerNext(refused);
    await world.enroll([ada, { externalId: "bob" }]);
    await world.pass();
    await happen(world, "deleted");
    await world.letTimePass();
    await world.pass();
    expect((await ends(world)).sort()).toEqual(["completed two", "exited exit_event one"]);
    expect(world.fake.outbox.every(({ to }) => to !== "ada@example.com")).toBe(true);
    expect((await world.sends()).map(({ status, reason }) => `${status} ${reason}`)).toContain("skipped run_ended");
    const told = (await world.decisions()).find(({ reason }) => reason === "exit_event");
    expect(told).toMatchObject({ kind: "exited", stepId: "one", details: { event: "deleted" } });
    expect(await signals(world)).toEqual([]);
  });

  test("counts while the automation is paused, where all else waits", async () => {
    const world = await makeWorld({ definition: (id) => exitWhen([day, emailStep("one", id)]) });
    await world.enroll([ada, { externalId: "bob" }]);
    await world.pass();
    await pauseAutomation(actorOf(world), { id: world.automation.id, queued: "hold" });
    await happen(world, "deleted");
    await goBack(world, 24 * 60 + 1);
    await world.pass();
    expect((await ends(world)).sort()).toEqual(["active pause", "exited exit_event pause"]);
    await resumeAutomation(actorOf(world), { id: world.automation.id, overdue: "send" });
    await world.pass();
    expect(world.fake.outbox).toHaveLength(1);
  });

  test("ends every run of its person in a version that says so, and nobody else's", async () => {
    const world = await makeWorld({ definition: () => exitWhen([day], { reentry: "every_time" }) });
    for (const at of [1, 2, 3]) await happen(world, "signed_up", "ada", { at });
    await happen(world, "signed_up", "bob");
    await world.pass();
    await happen(world, "deleted");
    await world.pass();
    expect((await ends(world)).sort()).toEqual(["active pause", ...Array(3).fill("exited exit_event pause")]);
  });

  test("takes a run away from whoever is deciding about it without knowing", async () => {
    const world = await makeWorld({ definition: (id) => exitWhen([emailStep("one", id)]) });
    await world.enroll([ada]);
    const claim = await claimRuns(db, world.tenant, { limit: 10, leaseMs: 10_000 });
    const [run] = claim?.runs ?? [];
    if (!claim || !run) throw new Error("nothing was claimed");
    await happen(world, "deleted");
    const place = { stepId: "one", stepDueAt: null, readyAt: claim.at };
    const send = {
      id: newId(),
      stepId: "one",
      connectionId: world.connection.id,
      stream: "broadcast",
      scheduledAt: claim.at,
    };
    const settled = {
      run,
      place,
      status: "active",
      reason: null,
      dueAt: claim.at,
      attempt: 0,
      send,
      notes: [],
    } as const;
    expect(await settleRuns(db, claim, [settled])).toEqual([run.id]);
    expect(await world.sends()).toEqual([]);
    await world.pass();
    expect(await ends(world)).toEqual(["exited exit_event"]);
    expect(world.fake.outbox).toEqual([]);
  });
});

describe("a step that waits for an event", () => {
  const welcome = (id: string) => ({
    ...base,
    steps: [
      waitFor("wait", [emailStep("then", id, { subject: "then" })], [emailStep("else", id, { subject: "else" })]),
    ],
  });

  test("goes one way when it comes, the other when it does not, and is done with what it heard", async () => {
    const world = await makeWorld({ definition: welcome });
    await world.enroll([ada, { externalId: "bob" }]);
    await world.pass();
    expect(await reasonsOf(world, "waited")).toEqual(["waited_for", "waited_for"]);
    await happen(world, "activated");
    await world.pass();
    expect(subjects(world)).toEqual(["then"]);
    await goBack(world, 4 * 60 + 1);
    await world.pass();
    expect(subjects(world)).toEqual(["then", "else"]);
    expect(await ends(world)).toEqual(["completed then", "completed else"]);
    expect((await reasonsOf(world, "branched")).sort()).toEqual(["event_came", "wait_timed_out"]);
    expect(await signals(world)).toEqual([]);
  });

  test("asks of the event that came and of the person, not of the event that began the run", async () => {
    const where = {
      all: [
        { field: "event.plan", op: "eq", value: "pro" },
        { field: "profile.vip", op: "eq", value: true },
      ],
    };
    const world = await makeWorld({
      definition: () => ({ ...base, steps: [waitFor("wait", [exit("then")], [], { where })] }),
    });
    await world.enroll([{ ...ada, traits: { vip: true } }]);
    await world.pass();
    await happen(world, "activated", "ada", { plan: "free" });
    await world.pass();
    expect(await ends(world)).toEqual(["active wait"]);
    await happen(world, "activated", "ada", { plan: "pro" });
    await world.pass();
    expect(await ends(world)).toEqual(["exited exit_step then"]);
    const came = (await world.decisions()).find(({ reason }) => reason === "event_came");
    expect(came?.details).toMatchObject({ values: { "event.plan": "pro", "profile.vip": true } });
  });

  test("hears what came while its automation was paused, and time went on", async () => {
    const world = await makeWorld({ definition: welcome });
    await world.enroll([ada, { externalId: "bob" }]);
    await world.pass();
    await pauseAutomation(actorOf(world), { id: world.automation.id, queued: "hold" });
    await happen(world, "activated");
    await world.pass();
    expect(await ends(world)).toEqual(["active wait", "active wait"]);
    expect((await world.runs()).map(({ dueAt }) => dueAt)).toContain(null);
    await goBack(world, 5 * 60);
    await resumeAutomation(actorOf(world), { id: world.automation.id, overdue: "send" });
    await world.pass();
    expect(subjects(world).sort()).toEqual(["else", "then"]);
  });

  test("leaves out what it made due during a pause, when that is to be skipped", async () => {
    const world = await makeWorld({ definition: welcome });
    await world.enroll([ada]);
    await world.pass();
    await pauseAutomation(actorOf(world), { id: world.automation.id, queued: "hold" });
    await happen(world, "activated");
    await world.pass();
    await new Promise((resolve) => setTimeout(resolve, 2)); // so that the resume is later by the clock
    await resumeAutomation(actorOf(world), { id: world.automation.id, overdue: "skip" });
    await world.pass();
    expect(world.fake.outbox).toEqual([]);
    expect((await world.sends()).map(({ stepId, status, reason }) => [stepId, status, reason])).toEqual([
      ["then", "skipped", "overdue"],
    ]);
  });

  test("takes what came after an email had left of which nobody knew yet", async () => {
    const world = await makeWorld({
      definition: (id) => ({ ...base, steps: [emailStep("mail", id), waitFor("wait", [exit("then")])] }),
    });
    world.fake.answerNext({ kind: "unknown", cause: "no answer" });
    await world.enroll([ada]);
    await world.pass();
    expect((await world.sends()).map(({ status }) => status)).toEqual(["unknown"]);
    const sentAt = new Date(Date.now() - 1_000);
    await happen(world, "activated");
    await world.pass();
    expect(await signals(world)).toMatchObject([{ seenAt: expect.any(Date) }]);
    const [send] = await world.sends();
    await db.sql("update sends set status = 'sent', sent_at = $2, due_at = null where id = $1", [send?.id, sentAt]);
    await db.sql("select wake_enrollments($1, array[$2::uuid])", [world.workspaceId, send?.id]);
    await world.pass();
    expect(await ends(world)).toEqual(["exited exit_step then"]);
    expect(await signals(world)).toEqual([]);
  });

  test("rests beside any number of events that it keeps because nobody knows yet whether its email had left", async () => {
    const world = await makeWorld({
      definition: (id) => ({ ...base, steps: [emailStep("mail", id), waitFor("wait", [exit("then")])] }),
    });
    world.fake.answerNext({ kind: "unknown", cause: "no answer" });
    const { runs } = await world.enroll([ada]);
    await world.pass();
    await db.sql(
      "insert into run_signals (workspace_id, enrollment_id, event_id) select $1, $2, uuid_v7() from generate_series(1, $3)",
      [world.workspaceId, runs[0]?.id, signalsPerLook],
    );
    await db.sql("update enrollments set due_at = clock_timestamp() where id = $1", [runs[0]?.id]);
    await world.pass();
    expect(await signals(world)).toHaveLength(signalsPerLook);
    expect((await world.runs())[0]?.dueAt?.getTime()).toBeGreaterThan(Date.now() + 60_000);
  });

  test("is done with any number of events, of which it looks at no more than so many at once", async () => {
    const world = await makeWorld({ definition: () => ({ ...base, steps: [waitFor("wait", [exit("then")])] }) });
    const { runs } = await world.enroll([ada]);
    await db.sql(
      "insert into run_signals (workspace_id, enrollment_id, event_id) select $1, $2, uuid_v7() from generate_series(1, $3)",
      [world.workspaceId, runs[0]?.id, 2 * signalsPerLook + 1],
    );
    await world.pass();
    expect(await signals(world)).toEqual([]);
    expect(await ends(world)).toEqual(["active wait"]);
  });
});

describe("a step that sets traits", () => {
  const tagging = (set: object, rest: object[]) => ({
    ...base,
    steps: [{ id: "tag", type: "update_profile", set }, ...rest],
  });
  const traits = async ({ workspaceId }: World, id?: string) =>
    (await db.prisma.profile.findMany({ where: { workspaceId, ...(id && { id }) }, orderBy: { id: "asc" } })).map(
      (profile) => profile.traits,
    );

  test("sets and removes them, and everything behind it sees that", async () => {
    const branch = {
      id: "b",
      type: "branch",
      branches: [{ when: { field: "profile.stage", op: "eq", value: "new" }, steps: [exit("seen")] }],
    };
    const world = await makeWorld({
      definition: () => tagging({ stage: "new", plan: null, deep: { a: null } }, [branch]),
    });
    await world.enroll([{ ...ada, traits: { plan: "pro", kept: 1 } }]);
    await world.pass();
    expect(await ends(world)).toEqual(["exited exit_step seen"]);
    expect(await traits(world)).toEqual([{ email: "ada@example.com", kept: 1, stage: "new", deep: { a: null } }]);
    const note = (await world.decisions()).find(({ reason }) => reason === "profile_updated");
    expect(note).toMatchObject({ kind: "updated", details: { was: { plan: "pro", stage: null } } });
  });

  test("writes to a new address from then on", async () => {
    const world = await makeWorld({
      definition: (id) => tagging({ email: "new@example.com" }, [emailStep("mail", id)]),
    });
    await world.enroll([ada]);
    await world.pass();
    expect(world.fake.outbox.map(({ to }) => to)).toEqual(["new@example.com"]);
    expect((await world.sends()).map(({ toEmail }) => toEmail)).toEqual(["new@example.com"]);
  });

  test("sets the traits of whoever the person became", async () => {
    const world = await makeWorld({ definition: () => tagging({ tagged: true }, []) });
    const { profiles } = await world.enroll([ada, { externalId: "bob", email: "bob@example.com" }]);
    const [tombstone, survivor] = profiles;
    await db.prisma.profile.updateMany({ where: { id: tombstone?.id }, data: { mergedIntoId: survivor?.id ?? "" } });
    await world.pass();
    expect(await traits(world, survivor?.id)).toEqual([{ email: "bob@example.com", tagged: true }]);
    expect(await traits(world, tombstone?.id)).toEqual([{ email: "ada@example.com" }]);
    expect(await ends(world)).toEqual(["completed tag", "completed tag"]);
  });

  test("sets nothing that would be more than fits, says so and lets the run go on", async () => {
    const full = Object.fromEntries(Array.from({ length: 255 }, (_, n) => [`t${n}`, n]));
    const world = await makeWorld({ definition: () => tagging({ one: 1, two: 2 }, [exit("on")]) });
    await world.enroll([{ externalId: "full", traits: full }, ada]);
    await world.pass();
    expect(await ends(world)).toEqual(["exited exit_step on", "exited exit_step on"]);
    expect((await reasonsOf(world, "updated")).sort()).toEqual(["profile_updated", "update_refused"]);
    const [kept, set] = await traits(world);
    expect(kept).not.toHaveProperty("one");
    expect(set).toMatchObject({ one: 1, two: 2 });
  });

  test("waits for whoever is writing to the same person, and keeps what they wrote", async () => {
    const world = await makeWorld({ definition: () => tagging({ tagged: true }, []) });
    const { profiles } = await world.enroll([ada]);
    let working: Promise<unknown> = Promise.resolve();
    await transaction(async (tx) => {
      await tx.sql("update profiles set traits = traits || $2 where id = $1", [profiles[0]?.id, { late: 1 }]);
      working = outsideTransaction(() => world.pass());
      await somebodyWaits();
    });
    await working;
    expect(await traits(world)).toEqual([{ email: "ada@example.com", late: 1, tagged: true }]);
  });

  test("of several runs of one person at once loses none, nor what came from outside at the same moment", async () => {
    const steps = [{ id: "tag", type: "update_profile", set: { tagged: true } }];
    const world = await makeWorld({ definition: () => ({ ...base, reentry: "every_time", steps }) });
    for (const at of [1, 2, 3]) await happen(world, "signed_up", "ada", { at });
    const actor = actorOf(world);
    await Promise.all([
      world.pass(),
      ...Array.from({ length: 10 }, (_, n) =>
        sendEvent(actor, { event: "$identify", external_id: "ada", traits: { [`n${n}`]: n } }),
      ),
    ]);
    const all = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`n${n}`, n]));
    expect(await traits(world)).toEqual([{ ...all, tagged: true }]);
  });
});

test("a split gives each person one variant, in every run of theirs, and says which", async () => {
  const variants = ["a", "b", "c"].map((id) => ({ id, weight: 1, steps: [exit(`out-${id}`)] }));
  const steps = [{ id: "ab", type: "split", variants }];
  const world = await makeWorld({ definition: () => ({ ...base, reentry: "every_time", steps }) });
  const names = Array.from({ length: 12 }, (_, n) => `u${n}`);
  for (const at of [1, 2]) for (const name of names) await happen(world, "signed_up", name, { at });
  await world.pass();
  const ways = new Map<string, Set<string | null>>();
  for (const { profileId, stepId } of await world.runs())
    ways.set(profileId, (ways.get(profileId) ?? new Set()).add(stepId));
  expect(ways.size).toBe(12);
  for (const way of ways.values()) expect(way.size).toBe(1);
  expect(new Set([...ways.values()].flatMap((way) => [...way])).size).toBeGreaterThan(1);
  const notes = (await world.decisions()).filter(({ reason }) => reason === "split_taken");
  expect(notes).toHaveLength(24);
  expect(notes[0]?.details).toMatchObject({ variant: expect.stringMatching(/^[abc]$/), weight: 1 });
});

test("a branch counts what its person did, of everybody in one statement, and says how often", async () => {
  const when = {
    performed: "bought",
    count: { op: "gte", value: 2 },
    within: "P30D",
    where: { field: "event.sum", op: "gt", value: 5 },
  };
  const steps = [
    day,
    { id: "b", type: "branch", branches: [{ when, steps: [exit("often")] }], else: [exit("seldom")] },
  ];
  const world = await makeWorld({ definition: () => ({ ...base, steps }) });
  await world.enroll([ada, { externalId: "bob" }]);
  await world.pass();
  for (const sum of [4, 6, 7]) await happen(world, "bought", "ada", { sum });
  await happen(world, "bought", "bob", { sum: 9 });
  await goBack(world, 24 * 60 + 1);
  const sql = vi.spyOn(db, "sql");
  await world.pass();
  expect(sql.mock.calls.filter(([text]) => text.includes("from events") && text.includes("name"))).toHaveLength(1);
  sql.mockRestore();
  expect((await ends(world)).sort()).toEqual(["exited exit_step often", "exited exit_step seldom"]);
  const counts = (await world.decisions())
    .filter(({ kind }) => kind === "branched")
    .map(({ details }) => Object.values(Object(details).values));
  expect(counts).toEqual(expect.arrayContaining([[2], [1]]));
});

test("an event that is too old ends and wakes nothing, however lately it came", async () => {
  const world = await makeWorld({
    definition: () => ({ ...base, exit_when: [{ event: "deleted" }], steps: [waitFor("wait", [exit("then")])] }),
  });
  await world.enroll([ada]);
  await world.pass();
  const timestamp = new Date(Date.now() - 73 * 3_600_000).toISOString();
  for (const event of ["deleted", "activated"])
    await sendEvent(actorOf(world), { event, external_id: "ada", timestamp });
  await world.pass();
  expect(await signals(world)).toEqual([]);
  expect(await ends(world)).toEqual(["active wait"]);
});

test("a run remembers what it has passed", async () => {
  const world = await makeWorld({
    definition: (id) => ({ ...base, steps: [emailStep("one", id), day, emailStep("two", id)] }),
  });
  await world.enroll(people(1));
  await world.pass();
  expect((await world.runs())[0]?.passedStepIds).toEqual(["one"]);
  await goBack(world, 24 * 60 + 1);
  await world.pass();
  expect((await world.runs())[0]?.passedStepIds).toEqual(["one", "pause", "two"]);
});

test("the present of a claim is a whole millisecond of the past, as what is due is", async () => {
  const world = await makeWorld();
  await world.enroll(people(50));
  const [row] = await db.sql<{ whole: boolean }>(
    `select bool_and(c.at = date_trunc('milliseconds', c.at)) as whole
     from generate_series(1, 50), lateral claim_enrollments($1, 1, uuid_v7(), 1000) c`,
    [world.workspaceId],
  );
  expect(row?.whole).toBe(true);
});
