import "server-only";
import { vi } from "vitest";
import { archiveAutomation, pauseAutomation, resumeAutomation } from "../../automations";
import { changeConnection } from "../../connections";
import type { SendOutcome } from "../../connections/schema";
import { db } from "../../db";
import { AppError } from "../../errors";
import { resolveSend, stopSending } from "../../sends";
import { makeSends, makeSuppressions } from "../../testing/factory";
import { acceptThenReset, answerEach, type FakeAnswer, resetBefore } from "../../testing/fake-connector";
import { attemptsMax } from "../backoff";
import { sendTest } from "../index";
import { actorIn, type Cases, email, type World, worldOf } from "./cases";

const ada = { email: "ada@example.com" };
const hours = (count: number) => new Date(Date.now() - count * 3_600_000);

/** One email to Ada, whatever becomes of it. `before` happens once it is queued. */
async function writes(given: {
  person?: object;
  run?: object;
  step?: Parameters<typeof email>[1];
  answers?: FakeAnswer[];
  before?: (world: World) => Promise<unknown>;
}): Promise<World> {
  const world = await worldOf((id) => [email(id, given.step)]);
  world.fake.answerNext(...(given.answers ?? []));
  if (given.before) {
    // A disabled connection lets the run reach its email and holds it.
    await setConnection(world, "disabled");
    await world.enroll([given.person ?? ada], given.run);
    await world.pass();
    await setConnection(world, "ready");
    await given.before(world);
  } else await world.enroll([given.person ?? ada], given.run);
  await world.pass();
  return world;
}
const written = (given: Parameters<typeof writes>[0]) => async () => (await writes(given)).workspaceId;
const setConnection = ({ workspaceId }: World, status: string) =>
  db.prisma.connection.updateMany({ where: { workspaceId }, data: { status } });
const outcome = (said: SendOutcome): FakeAnswer[] => [answerEach(() => said)];
const inAutomation = ({ workspaceId, automation }: World) => ({ actor: actorIn(workspaceId), id: automation.id });

/** An email of which nobody knows whether it left. */
const unknownOne = (answer: FakeAnswer) => writes({ answers: [answer] });
const decides = (as: "sent" | "again" | "skip") => async () => {
  const world = await unknownOne(resetBefore);
  const [send] = await world.sends();
  await resolveSend(actorIn(world.workspaceId), { id: send?.id ?? "", as });
  return world.workspaceId;
};

/** A send that does not fit what its run and version say. */
const placed =
  (over: object, run: object = {}) =>
  async () => {
    const world = await worldOf((id) => [email(id)]);
    const { workspaceId, connection, automation } = world;
    const { runs } = await world.enroll([ada], { dueAt: null, stepId: "welcome", ...run });
    await makeSends(db, { workspaceId }, [
      {
        connectionId: connection.id,
        automationId: automation.id,
        versionId: automation.version.id,
        enrollmentId: runs[0]?.id,
        profileId: runs[0]?.profileId,
        stepId: "welcome",
        ...over,
      },
    ]);
    await world.pass();
    return workspaceId;
  };

/** The provider refuses what all emails of the stream share; the log warns of it. */
const refusedWith = (refusal: { about: "credentials" | "account" | "stream"; code: number; message: string }) => {
  const write = written({ answers: [{ kind: "call_refused", ...refusal }] });
  return async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    return write();
  };
};

/** What is decided about an email until it has left. */
export const emailCases: Cases = {
  reached: written({}),
  accepted: written({}),
  suppressed: written({
    before: ({ workspaceId }) => makeSuppressions(db, { workspaceId }, [{ email: "ada@example.com" }]),
  }),
  no_email: written({ person: { email: null }, run: { readyAt: new Date(Date.now() - 11 * 60_000) } }),
  awaiting_email: written({ person: { email: null } }),
  invalid_email: written({ person: { email: "ada at example" } }),
  automation_archived: written({
    before: (world) => archiveAutomation(inAutomation(world).actor, { id: inAutomation(world).id }),
  }),
  run_ended: placed({}, { status: "exited", reason: "exit_step" }),
  step_missing: placed({ stepId: "gone" }, { stepId: "gone" }),
  paused: written({
    before: (world) => pauseAutomation(inAutomation(world).actor, { id: inAutomation(world).id, queued: "skip" }),
  }),
  overdue: written({
    before: async (world) => {
      const { actor, id } = inAutomation(world);
      await pauseAutomation(actor, { id, queued: "hold" });
      await resumeAutomation(actor, { id, overdue: "skip" });
    },
  }),
  sending_stopped: written({ before: ({ workspaceId }) => stopSending(actorIn(workspaceId), { queued: "hold" }) }),
  person_gone: written({
    // As an erasure leaves it: the send without its person and its run.
    before: async ({ workspaceId }) => {
      await db.sql("update sends set profile_id = null, enrollment_id = null where workspace_id = $1", [workspaceId]);
      await db.sql("delete from profiles where workspace_id = $1", [workspaceId]);
    },
  }),
  connection_missing: async () => {
    const world = await worldOf(() => [email("00000000-0000-7000-8000-000000000001")]);
    await world.enroll([ada]);
    await world.pass();
    return world.workspaceId;
  },
  connection_disabled: async () => {
    const world = await worldOf((id) => [email(id)]);
    await setConnection(world, "disabled");
    await world.enroll([ada]);
    await world.pass();
    return world.workspaceId;
  },
  late: written({ run: { readyAt: hours(25) } }),
  from_missing: async () => {
    const world = await worldOf((id) => [email(id)]);
    await db.prisma.connection.updateMany({ where: { workspaceId: world.workspaceId }, data: { fromEmail: null } });
    await world.enroll([ada]);
    await world.pass();
    return world.workspaceId;
  },
  render_limit: written({ step: { html: "{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}" } }),
  render_error: written({ step: { html: "{{ '%' | url_decode }}" } }),
  too_large: async () => {
    const world = await worldOf((id) => [email(id, { html: "x".repeat(10_000) })]);
    world.fake.bytesMax = 9_000;
    await world.enroll([ada]);
    await world.pass();
    return world.workspaceId;
  },
  refused: written({ answers: outcome({ kind: "refused", code: 300, message: "Illegal header." }) }),
  from_not_verified: written({
    answers: outcome({ kind: "sender_refused", code: 400, message: "Not a confirmed sender." }),
  }),
  provider_busy: written({
    answers: [{ kind: "not_sent", cause: "503", rateLimited: false, retryAfterMs: null }],
  }),
  connection_failing: refusedWith({ about: "credentials", code: 10, message: "No such token." }),
  account_refused: refusedWith({ about: "account", code: 405, message: "No credits." }),
  stream_refused: refusedWith({ about: "stream", code: 1235, message: "No such stream." }),
  warm_up: async () => {
    const world = await worldOf((id) => [email(id)]);
    const { workspaceId, connection } = world;
    const warm_up = { start_per_day: 1, growth: 1.5, until: 100 };
    await changeConnection(actorIn(workspaceId), { id: connection.id, warm_up });
    await world.enroll([ada, { email: "grace@example.com" }]);
    await world.pass();
    return workspaceId;
  },
  no_answer: written({ answers: [resetBefore] }),
  cannot_know: async () => {
    const world = await unknownOne(acceptThenReset);
    world.fake.findAnswer = { kind: "cannot_know", cause: "The search is closed.", aboutCredentials: false };
    await world.letTimePass();
    await world.pass();
    return world.workspaceId;
  },
  found: async () => {
    const world = await unknownOne(acceptThenReset);
    await world.letTimePass();
    await world.pass();
    return world.workspaceId;
  },
  proven_absent: async () => {
    const world = await unknownOne(resetBefore);
    for (let looks = 0; looks < 4; looks += 1) {
      await world.ageAttempts(200_000);
      await world.pass();
    }
    return world.workspaceId;
  },
  attempts_exhausted: async () => {
    const world = await writes({
      before: async (made) => {
        const [send] = await made.sends();
        const { connectionId, messageStream } = send ?? { connectionId: "", messageStream: "" };
        await db.sql(
          `insert into send_attempts (workspace_id, send_id, number, batch_id, connection_id, message_stream, started_at, send_by, outcome)
           select $1, $2, n, uuid_v7(), $3, $4, now(), now(), 'not_sent' from generate_series(1, $5) n`,
          [made.workspaceId, send?.id, connectionId, messageStream, attemptsMax - 1],
        );
        made.fake.answerNext({ kind: "not_sent", cause: "503", rateLimited: false, retryAfterMs: null });
      },
    });
    return world.workspaceId;
  },
  not_sent: async () => {
    const world = await worldOf((id) => [email(id)]);
    world.fake.answerNext({ kind: "not_sent", cause: "503", rateLimited: false, retryAfterMs: null });
    const asked = { id: world.connection.id, to: "ada@example.com" };
    const means = { step: () => undefined, ...world.means };
    const refusal = await sendTest(actorIn(world.workspaceId), asked, means).catch((thrown: unknown) => thrown);
    if (!(refusal instanceof AppError)) throw new Error("a test email that was refused went through");
    return world.workspaceId;
  },
  marked_sent: decides("sent"),
  sent_again_by_person: decides("again"),
  skipped_by_person: decides("skip"),
  in_queue: async () => {
    const world = await worldOf((id) => [email(id)]);
    await setConnection(world, "disabled");
    await world.enroll([ada]);
    await world.pass();
    await setConnection(world, "ready");
    return world.workspaceId;
  },
};
