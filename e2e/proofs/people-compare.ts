import { db } from "../../lib/db";
import type { PeopleModel } from "./people-model";

export type Compared = { people: number; tombstones: number; lost: number; doubled: number; problems: string[] };
type Automations = { once: string; everyTime: string; onceEvery: string };
type Row = Record<string, string | null>;

/** Holds the database against the model. Says what is at odds, at most a few of each kind. */
export async function compareWithModel({
  workspaceId,
  model,
  automations,
}: {
  workspaceId: string;
  model: PeopleModel;
  automations: Automations;
}): Promise<Compared> {
  const rows = (sql: string) => db.sql<Row>(sql, [workspaceId]);
  const problems: string[] = [];
  const check = (what: string, wrong: readonly unknown[]) => {
    if (wrong.length > 0) problems.push(`${what}: ${wrong.length}, such as ${JSON.stringify(wrong.slice(0, 3))}`);
  };
  const into = new Map(
    (await rows("select id, merged_into_id as into from profiles where workspace_id = $1")).map(({ id, into: end }) => [
      id ?? "",
      end ?? null,
    ]),
  );
  const live = (id: string | null): string => into.get(id ?? "") ?? id ?? "";
  check(
    "a tombstone points at a tombstone",
    [...into].filter(([, end]) => end !== null && into.get(end) !== null),
  );

  const held = new Map(
    (await rows("select kind || ' ' || value as key, profile_id as of from identifiers where workspace_id = $1")).map(
      ({ key, of }) => [key ?? "", of ?? ""],
    ),
  );
  check(
    "an identifier is not there",
    model.identifiers.filter((key) => !held.has(key)),
  );
  check(
    "an identifier nobody named",
    [...held.keys()].filter((key) => model.personOf(key) === undefined),
  );
  check(
    "an identifier is on a tombstone",
    [...held].filter(([, of]) => into.get(of) !== null),
  );
  const profileOf = new Map<number, string>();
  const personAt = new Map<string, number>();
  for (const key of model.identifiers) {
    const [person, profile] = [model.personOf(key) ?? -1, held.get(key) ?? ""];
    check("one person is two profiles", profileOf.has(person) && profileOf.get(person) !== profile ? [key] : []);
    check("two people are one profile", personAt.has(profile) && personAt.get(profile) !== person ? [key] : []);
    profileOf.set(person, profile);
    personAt.set(profile, person);
  }
  check(
    "a live profile without any identifier",
    [...into].filter(([id, end]) => end === null && !personAt.has(id)),
  );

  const stored = new Map<string, Row[]>();
  for (const row of await rows(
    `select coalesce(properties->>'message', (select value #>> '{}' from jsonb_each(properties) where key like 't%' limit 1)) as message, profile_id as of, name
     from events where workspace_id = $1 and not (name = '$identify' and properties ? 'email')`,
  ))
    stored.set(row.message ?? "", [...(stored.get(row.message ?? "") ?? []), row]);
  const messages = model.messages.filter(({ messageId }) => !messageId.startsWith("address "));
  const lost = messages.filter(({ messageId }) => !stored.has(messageId));
  const doubled = [...stored].filter(([, of]) => of.length > 1);
  check("an event is lost", lost);
  check("an event is doubled", doubled);
  check(
    "an event is nobody's",
    [...stored.keys()].filter((id) => !messages.some(({ messageId }) => messageId === id)),
  );
  check(
    "an event is another person's",
    messages.filter(({ messageId, person }) => {
      const [event] = stored.get(messageId) ?? [];
      return event !== undefined && live(event.of ?? "") !== profileOf.get(person);
    }),
  );

  const times = (event: string) => {
    const counted = new Map<string, number>();
    for (const { event: name, person } of messages) {
      const profile = profileOf.get(person) ?? "";
      if (name === event) counted.set(profile, (counted.get(profile) ?? 0) + 1);
    }
    return counted;
  };
  const runs = await rows(
    "select automation_id as automation, profile_id as of, status, reason from enrollments where workspace_id = $1",
  );
  const active = (automation: string) => {
    const counted = new Map<string, number>();
    for (const { automation: of, of: profile, status } of runs)
      if (of === automation && status === "active")
        counted.set(live(profile ?? ""), (counted.get(live(profile ?? "")) ?? 0) + 1);
    return counted;
  };
  const differ = (have: ReadonlyMap<string, number>, want: ReadonlyMap<string, number>) =>
    [...new Set([...have.keys(), ...want.keys()])].filter((id) => (have.get(id) ?? 0) !== (want.get(id) ?? 0));
  const single = (counted: ReadonlyMap<string, number>) => new Map([...counted].map(([id]) => [id, 1]));
  check("once is not once", differ(active(automations.once), single(times("signed_up"))));
  check("once every 30 days is not once", differ(active(automations.onceEvery), single(times("renewed"))));
  check("every time is not every time", differ(active(automations.everyTime), times("bought")));
  check(
    "a run ended for another reason than a merge",
    runs.filter(
      ({ automation, status, reason }) =>
        Object.values(automations).includes(automation ?? "") && status !== "active" && reason !== "merged",
    ),
  );
  check(
    "an active run is on a tombstone",
    runs.filter(({ of, status }) => status === "active" && into.get(of ?? "") !== null),
  );
  check(
    "an unsettled send is on a tombstone",
    (
      await rows(
        "select profile_id as of from sends where workspace_id = $1 and status in ('queued', 'sending', 'unknown')",
      )
    ).filter(({ of }) => into.get(of ?? "") !== null),
  );
  check(
    "a gate is on a tombstone",
    (await rows("select profile_id as of from entry_gates where workspace_id = $1")).filter(
      ({ of }) => into.get(of ?? "") !== null,
    ),
  );
  const tombstones = [...into.values()].filter((end) => end !== null).length;
  return { people: profileOf.size, tombstones, lost: lost.length, doubled: doubled.length, problems };
}
