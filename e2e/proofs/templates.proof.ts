import { expect, test } from "vitest";
import { db } from "../../lib/db";
import { record } from "./figures";
import { brokenName, type Hostile, hostileTexts, leaked } from "./hostile-texts";
import { personOf } from "./intake";
import { proofScale } from "./scale";
import { openStage, type Stage } from "./stage";

const scale = proofScale();
const peopleEach = scale.full ? 25 : 4;

test("texts that reach for files, prototypes, endless work, 100 MB or a header are refused or fail alone; the others' mail goes on", {
  timeout: scale.timeoutMs,
}, async () => {
  const startedMs = performance.now();
  const stage = await openStage({
    name: "templates",
    event: "fine",
    steps: ["fine"],
    definition: (id) => definition(id, "fine", {}),
  });
  try {
    const { url } = await stage.startWeb();
    await stage.startWorker();
    const saved = await save(stage, url);
    const neighbours = await enterAll(stage, saved.accepted);
    await stage.settled(120_000);
    const [ends, ledger] = [await endsOf(stage), await stage.ledger(neighbours)];
    // Each neighbour is in two automations, so has two runs.
    const doubled = ledger.doubled.filter((what) => !what.endsWith("2 run rows"));
    const texts = await stage.provider.control<
      { subject: string; html: string | null; headers: unknown[]; recipients: { email: string }[] }[]
    >("GET", "/outbox");
    record({
      proof: "templates",
      seed: stage.seed,
      full: scale.full,
      emails: texts.length,
      kills: 0,
      stops: 0,
      faults: hostileTexts.length * peopleEach,
      lost: ledger.lost.length,
      doubled: doubled.length,
      longestRecoveryMs: null,
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      refused: saved.refused.length,
      ends: Object.fromEntries(ends.map(({ name, status, reason }) => [name, `${status} ${reason ?? ""}`.trim()])),
    });
    // What reads files is not even saved.
    expect(saved.refused.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["includes a file", "renders a file", "lays out with a file"]),
    );
    for (const { status, text } of saved.refused)
      expect([status, text]).toEqual([400, expect.stringContaining("Line ")]);
    // What works without end fails by itself, with its reason.
    for (const { name, status, reason } of ends)
      if (/without end|for ever|loops|100 MB|joins|pads/.test(name))
        expect([name, status, reason]).toEqual([name, "failed", "render_limit"]);
      else expect([name, status]).toEqual([name, "sent"]);
    expect(texts.filter(({ html, subject }) => leaked.test(`${subject} ${html}`))).toEqual([]);
    expect(texts.filter(({ subject }) => /[\r\n\u2028\u2029]/.test(subject))).toEqual([]);
    expect(texts.filter(({ recipients }) => recipients.length !== 1)).toEqual([]);
    expect(texts.filter(({ html }) => html?.includes("<script>"))).toEqual([]);
    expect([ledger.acknowledged, ledger.lost, doubled]).toEqual([neighbours.length, [], []]);
  } finally {
    await stage.close();
  }
});

const definition = (connectionId: string, event: string, { subject, html }: Partial<Hostile>) => ({
  trigger: { type: "event", event },
  reentry: "once",
  steps: [
    {
      id: event, // the ledger tells sends by their steps
      type: "send_email",
      email_provider_id: connectionId,
      subject: subject ?? "Hello",
      html: html ?? "<p>Hello {{ profile.first_name }}</p>",
    },
  ],
});

/** Saves each through the API. What is saved runs. */
async function save(stage: Stage, url: string) {
  const accepted: string[] = [];
  const refused: { name: string; status: number; text: string }[] = [];
  for (const [index, hostile] of hostileTexts.entries()) {
    const event = `hostile_${index}`;
    const body = { name: hostile.name, ...definition(stage.connectionId, event, hostile) };
    const answer = await fetch(`${url}/v1/projects/${stage.workspaceId}/automations`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) {
      refused.push({ name: hostile.name, status: answer.status, text: await answer.text() });
      continue;
    }
    const { id } = (await answer.json()) as { id: string };
    const published = await fetch(`${url}/v1/automations/${id}/publish`, {
      method: "POST",
      headers: { authorization: `Bearer ${stage.key}` },
    });
    if (published.status !== 200)
      throw new Error(`${hostile.name} was saved and not published: ${await published.text()}`);
    accepted.push(event);
  }
  return { accepted, refused };
}

/** For each hostile text some people, and as many neighbours on the same connection and stream. @returns the neighbours */
async function enterAll({ intake, seed }: Stage, events: readonly string[]) {
  const neighbours = events.flatMap((_, index) =>
    Array.from({ length: peopleEach }, (_, number) => personOf(seed, index * peopleEach + number)),
  );
  let at = 0;
  for (const event of events) {
    const some = neighbours.slice(at, at + peopleEach);
    at += peopleEach;
    await intake.deliver(
      some.flatMap(({ externalId, email }) => [
        {
          event: "$identify",
          external_id: externalId,
          traits: { email, first_name: brokenName },
          message_id: `${externalId} identify`,
        },
        { event, external_id: externalId, properties: {}, message_id: `${externalId} ${event}` },
        {
          event: "fine",
          external_id: externalId,
          properties: { person: externalId },
          message_id: `${externalId} fine`,
        },
      ]),
    );
  }
  return neighbours;
}

const endsOf = ({ workspaceId }: Stage) =>
  db.sql<{ name: string; status: string; reason: string | null }>(
    `select distinct case when a.definition->'trigger'->>'event' = 'fine' then 'fine' else a.name end as name, s.status, s.reason
     from sends s join automations a on a.workspace_id = $1 and a.id = s.automation_id where s.workspace_id = $1 order by 1`,
    [workspaceId],
  );
