import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Actor, permissions } from "../../lib/actor";
import { db } from "../../lib/db";
import { alias, rewriteMergedEvents } from "../../lib/events";
import { makeAutomation } from "../../lib/testing/factory";
import { record } from "./figures";
import { type Compared, compareWithModel } from "./people-compare";
import { type Ids, PeopleModel } from "./people-model";
import { proofScale } from "./scale";
import { openStage, type Stage } from "./stage";

const scale = proofScale();
/** Families share browsers and are driven one call after the other; loners are driven from everywhere at once. */
const size = scale.full
  ? { families: 40, familyCalls: 120, loners: 60, linesOfLoners: 6, lonerCalls: 700, kills: 12 }
  : { families: 10, familyCalls: 24, loners: 24, linesOfLoners: 4, lonerCalls: 60, kills: 3 };

const events = ["viewed", "signed_up", "bought", "renewed", "$identify"] as const;
const waitForever = [{ id: "wait", type: "delay", for: "P30D", until: null }];
const definition = (event: string, reentry: unknown) => ({
  trigger: { type: "event", event, where: null, source: "any" },
  audience: null,
  reentry,
  exit_when: null,
  goal: null,
  steps: waitForever,
});

test("whatever is said about whom, by however many processes at once: one person is one profile, no event is lost or doubled, once is once", {
  timeout: scale.timeoutMs,
}, async () => {
  const beganMs = performance.now();
  const stage = await openStage({ name: "identity" });
  const { workspaceId } = stage;
  try {
    const automations = {
      once: (await makeAutomation(db, { workspaceId, definition: definition("signed_up", "once") })).id,
      everyTime: (await makeAutomation(db, { workspaceId, definition: definition("bought", "every_time") })).id,
      onceEvery: (await makeAutomation(db, { workspaceId, definition: definition("renewed", { once_every: "P30D" }) }))
        .id,
    };
    await Promise.all([stage.startWeb(), stage.startWeb(), stage.startWorker()]);
    const model = new PeopleModel();
    const teller = tellerOf(stage, model);
    const families = Array.from({ length: size.families }, (_, family) => driveFamily(stage, teller, family));
    const loners = Array.from({ length: size.linesOfLoners }, (_, line) => driveLoners(stage, teller, line));
    const histories = Promise.all([...families, ...loners]);
    let over = false;
    const striking = strike(stage, () => over);
    await histories.finally(() => {
      over = true;
    });
    await striking;

    const saidMs = performance.now();
    const compared = await compareWithModel({ workspaceId, model, automations });
    await giveAddresses(stage, teller);
    await stage.settled(60_000, { runs: false });
    const taken = await stage.provider.accepted();
    const sent = await db.sql<{ id: string }>("select id from sends where workspace_id = $1 and status = 'sent'", [
      workspaceId,
    ]);
    const rewritten = await rewriteAll(workspaceId);
    const again = await compareWithModel({ workspaceId, model, automations });
    const doubled = taken.length - new Set(taken.map(({ metadata }) => metadata.send_id)).size;
    record({
      proof: "identity",
      seed: stage.seed,
      full: scale.full,
      emails: taken.length,
      kills: stage.subjects.reduce((sum, { kills }) => sum + kills, 0),
      stops: 0,
      faults: 0,
      lost: compared.lost + Math.max(0, sent.length - taken.length),
      doubled: compared.doubled + doubled,
      longestRecoveryMs: null,
      seconds: Math.round((performance.now() - beganMs) / 1000),
      events: model.messages.length,
      people: compared.people,
      merged: compared.tombstones,
      takenOver: model.takeovers,
      aliases: teller.aliases,
      refusedAliases: teller.refused,
      rewritten,
      secondsOfHistories: Math.round((saidMs - beganMs) / 1000),
    });
    const clean: Partial<Compared> = { problems: [], lost: 0, doubled: 0 };
    expect(compared).toMatchObject(clean);
    expect(again).toMatchObject(clean);
    expect(doubled).toBe(0);
    expect(taken.length).toBe(sent.length);
    expect(stage.intake.wrong).toEqual([]);
    const left = await db.sql(
      `select 1 from events e join profiles p on p.workspace_id = $1 and p.id = e.profile_id and p.merged_into_id is not null
       where e.workspace_id = $1 limit 1`,
      [workspaceId],
    );
    expect(left, "no event is left on a tombstone in the end").toEqual([]);
  } finally {
    await stage.close();
  }
});

type Said = Ids & { known?: string; messageId: string; event: string };
type Teller = ReturnType<typeof tellerOf>;

/** Says things to the processes, and to the model once they are acknowledged. */
function tellerOf(stage: Stage, model: PeopleModel) {
  const { workspaceId, intake, chance } = stage;
  const actor: Actor = { kind: "secret_key", id: "proof", workspaceId, permissions: new Set(permissions) };
  const counts = { aliases: 0, refused: 0 };
  return {
    model,
    get aliases() {
      return counts.aliases;
    },
    get refused() {
      return counts.refused;
    },
    async tell(batch: readonly Said[]): Promise<void> {
      await intake.deliver(
        batch.map(({ messageId, event, externalId, anonymousId, userId }) => ({
          event,
          message_id: messageId,
          ...(externalId && { external_id: externalId }),
          ...(anonymousId && { anonymous_id: anonymousId }),
          ...(userId && { user_id: userId }),
          ...(event === "$identify"
            ? { traits: { [`t${chance.between(0, 3)}`]: messageId } }
            : { properties: { message: messageId } }),
        })),
      );
      for (const { messageId, event, ...ids } of batch) model.event(messageId, event, ids);
    },
    async alias(target: string, from: { anonymousId?: string; previousId?: string }): Promise<void> {
      const input = { user_id: target, anonymous_id: from.anonymousId ?? null, previous_id: from.previousId ?? null };
      const outcome = await alias(actor, { ...input, request_id: null }).then(
        () => true,
        (thrown) => {
          if (thrown?.code !== "alias_conflict") throw thrown;
          return false;
        },
      );
      counts.aliases += 1;
      if (!outcome) counts.refused += 1;
      expect(model.alias(target, from), `alias of ${JSON.stringify(from)} to ${target}`).toBe(outcome);
    },
    /** Our id of a profile that has, or once had, this identifier. */
    async profileId(key: string): Promise<string | undefined> {
      const [kind, value] = [key.slice(0, key.indexOf(" ")), key.slice(key.indexOf(" ") + 1)];
      const found = await db.sql<{ id: string }>(
        `select p.id from identifiers i join profiles p on p.workspace_id = $1 and i.profile_id in (p.id, p.merged_into_id)
         where i.workspace_id = $1 and i.kind = $2 and i.value = $3`,
        [workspaceId, kind, value],
      );
      return found.length === 0 ? undefined : chance.pick(found).id;
    },
  };
}

/** Three people with four browsers between them: who signs in where takes the browser over. Batches, repeats and aliases, in one order. */
async function driveFamily({ chance }: Stage, teller: Teller, family: number): Promise<void> {
  const external = () => `f${family}.${chance.between(0, 2)}`;
  const anonymous = () => `f${family}.a${chance.between(0, 3)}`;
  const said: Said[] = [];
  for (let call = 0; call < size.familyCalls; call += 1) {
    if (chance.next() < 0.05) {
      const from = chance.next() < 0.6 ? { anonymousId: anonymous() } : { previousId: external() };
      await teller.alias(external(), from);
      continue;
    }
    const batch = Array.from({ length: chance.between(1, 5) }, (_, index): Said => {
      const which = chance.next();
      return {
        messageId: `f${family}.${call}.${index}`,
        event: chance.pick(events),
        ...(which < 0.65 && { externalId: external() }),
        ...(which > 0.3 && { anonymousId: anonymous() }),
      };
    });
    const repeated = said.length > 0 && chance.next() < 0.3 ? [chance.pick(said)] : [];
    said.push(...batch);
    await teller.tell(chance.next() < 0.5 ? [...repeated, ...batch] : [...batch, ...repeated]);
  }
}

/**
 * Any line speaks about anybody at any time. Each has two external ids with three browsers each, which become one by alias: what comes
 * of it does not depend on the order.
 */
async function driveLoners({ chance }: Stage, teller: Teller, line: number): Promise<void> {
  const said: Said[] = [];
  for (let call = 0; call < size.lonerCalls; call += 1) {
    const loner = chance.between(0, size.loners - 1);
    if (chance.next() < 0.04) {
      await teller.alias(`l${loner}.0`, { previousId: `l${loner}.1` });
      continue;
    }
    const batch: Said[] = [];
    for (let index = chance.between(1, 6); index > 0; index -= 1) {
      const who = `l${chance.next() < 0.7 ? loner : chance.between(0, size.loners - 1)}.${chance.between(0, 1)}`;
      batch.push(await lonersEvent({ chance }, teller, { who, messageId: `l.${line}.${call}.${index}` }));
    }
    const repeated = said.length > 0 && chance.next() < 0.2 ? [chance.pick(said)] : [];
    said.push(...batch);
    await teller.tell([...batch, ...repeated]);
  }
}

async function lonersEvent(
  { chance }: Pick<Stage, "chance">,
  teller: Teller,
  { who, messageId }: { who: string; messageId: string },
): Promise<Said> {
  const which = chance.next();
  const anonymousId = `${who}.a${chance.between(0, 2)}`;
  const said = { messageId, event: chance.pick(events) };
  if (which < 0.05) {
    const known = `anonymous ${who}.a${chance.between(0, 2)}`;
    const userId = await teller.profileId(known);
    if (userId !== undefined) return { ...said, userId, known, anonymousId };
  }
  return { ...said, ...(which < 0.6 && { externalId: who }), ...((which > 0.3 || which < 0.05) && { anonymousId }) };
}

async function strike(stage: Stage, over: () => boolean): Promise<void> {
  for (let kills = 0; kills < size.kills && !over(); kills += 1) {
    await wait(stage.chance.between(500, 3_000));
    if (!over()) (await stage.anyUp({ spared: 1 })).kill();
  }
}

/** Late addresses for everyone: what waited for one leaves at once. */
async function giveAddresses(stage: Stage, teller: Teller): Promise<void> {
  const people = await db.sql<{ id: string; key: string }>(
    `select p.id, min(i.kind || ' ' || i.value) as key from profiles p join identifiers i on i.workspace_id = $1 and i.profile_id = p.id
     where p.workspace_id = $1 group by p.id`,
    [stage.workspaceId],
  );
  await Promise.all(
    people.map(async ({ id, key }) => {
      const messageId = `address ${id}`;
      await stage.intake.deliver([
        { event: "$identify", user_id: id, message_id: messageId, traits: { email: `${id}@example.com` } },
      ]);
      teller.model.event(messageId, "$identify", { known: key });
    }),
  );
}

async function rewriteAll(workspaceId: string): Promise<number> {
  await db.sql("update merged_histories set due_at = now() where workspace_id = $1", [workspaceId]);
  let rewritten = 0;
  for (let done = 1; done > 0; rewritten += done) done = await rewriteMergedEvents(db, { rowsMax: 500 });
  return rewritten;
}
