import "server-only";
import type { Tenant } from "../actor";
import { type Db, databaseUnavailable, db, retryTransient, sqlState, transaction } from "../db";
import { AppError } from "../errors";
import { log } from "../log";
import { wake } from "../wake";
import { type Plan, plan } from "./call";
import { followed } from "./components";
import { asksOf, entriesOf, heardOf } from "./entering";
import { type Facts, factsOf, forgetFacts } from "./facts";
import { type IncomingEvent, unknownUser } from "./read";
import { count } from "./statistics";
import { enroll, type IngestResult, ingest, signalRuns } from "./store";
import { identityFacts, type Knowledge, mergeProfiles, nothingKnown } from "./store-identity";
import { countPerformed } from "./store-performed";
import { type Answer, answerOf, type Ticket } from "./ticket";

/** `stale`: the caller's key was read before the workspace changed; it has to be looked up again. */
export type Outcome = { kind: "answered"; answer: Answer } | { kind: "failed"; error: AppError } | { kind: "stale" };
export type Waiting = { ticket: Ticket; settled: boolean; tell: (outcome: Outcome) => void };

/** How often a group may find the world changed before it gives up. Each time is rare by itself. */
const roundsMax = 12;

/** Stores the events of one workspace's requests together and settles every one of them. Never throws. */
export async function storeGroup(tenant: Tenant, waiting: readonly Waiting[]): Promise<void> {
  try {
    await store(tenant, waiting);
  } catch (thrown) {
    const left = waiting.filter(({ settled }) => !settled);
    if (left.length <= 1 || hopeless(thrown)) return giveUp(left, thrown);
    count("splits");
    const half = Math.ceil(left.length / 2);
    await storeGroup(tenant, left.slice(0, half));
    await storeGroup(tenant, left.slice(half));
  }
}

async function store(tenant: Tenant, all: readonly Waiting[]): Promise<void> {
  let knowledge = await usersOf(tenant, all);
  let waiting = all;
  for (let round = 0; round < roundsMax && waiting.length > 0; round++) {
    const facts = await currentFacts(tenant, waiting);
    waiting = sendBack(waiting, facts);
    if (facts === null || waiting.length === 0) return;
    try {
      const tickets = waiting.map(({ ticket }) => ticket);
      const { result, made } = await write(tenant, tickets, facts, knowledge);
      if (result.taken) waiting = replay(waiting, result.taken);
      else if (result.unsure) knowledge = (await merge(tenant, made, knowledge)) ?? (await learn(tenant, waiting));
      else return finish(waiting, result, made);
    } catch (thrown) {
      if (sqlState(thrown) === "GF001") await forgetFacts(tenant, facts);
      else if (sqlState(thrown) === "GF002") knowledge = await learn(tenant, waiting);
      else if (waiting.length > 1 || !isRefusal(thrown)) throw thrown;
      else await refuseOne(tenant, waiting, { facts, knowledge, thrown });
    }
  }
  if (waiting.length > 0)
    throw new AppError("unavailable", undefined, { note: "a group found the world changed too often" });
}

/** One statement; only where an automation asks about the person it is a transaction of a few. */
function write(tenant: Tenant, tickets: readonly Ticket[], facts: Facts, knowledge: Knowledge) {
  return retryTransient(
    async (): Promise<{ made: Plan; result: IngestResult }> => {
      count("groups");
      const now = new Date();
      const made = plan(tickets, facts, knowledge, now);
      if (made.merges.length > 0) return { made, result: { unsure: true } };
      if (made.open.length === 0) return { made, result: await ingest(db, tenant, made.call) };
      return { made, result: await transaction((tx) => ingestAndLook(tx, tenant, made, now)) };
    },
    { triesMax: 12 },
  );
}

/** Stores a group, lets in whom a look at the people lets in, then tells the runs that listen, those that began just now included. */
async function ingestAndLook(tx: Db, tenant: Tenant, made: Plan, now: Date): Promise<IngestResult> {
  const result = await ingest(tx, tenant, made.call);
  const people = result.people ?? [];
  const asks = asksOf(made.open, people);
  const performed =
    asks.length > 0 ? await countPerformed(tx, tenant, asks, now) : new Map<string, Map<string, number>>();
  const entries = entriesOf(made, { people, performed }, now);
  const entered = entries.length > 0 ? await enroll(tx, tenant, entries) : 0;
  const heard = heardOf(made, people);
  const told = heard.events.length > 0 ? await signalRuns(tx, tenant, heard) : 0;
  return { ...result, enrolled: (result.enrolled ?? 0) + entered, signalled: (result.signalled ?? 0) + told };
}

/** The profiles that user ids name; events whose user_id names none are refused. */
async function usersOf(tenant: Tenant, waiting: readonly Waiting[]): Promise<Knowledge> {
  const wanted = new Set(waiting.flatMap(({ ticket }) => ticket.events.flatMap(({ event }) => event.userId ?? [])));
  if (wanted.size === 0) return nothingKnown;
  const identifiers = [...wanted].map((value) => ({ kind: "profile" as const, value }));
  const found = await identityFacts(db, tenant, { identifiers, messageIds: [] });
  const names = new Set(found.known.map(({ value }) => value));
  for (const { ticket } of waiting)
    refuseEvents(ticket, ({ userId }) => userId !== null && !names.has(userId), unknownUser());
  return found;
}

/** Everything that decides who is who in a group, as it is now. */
function learn(tenant: Tenant, waiting: readonly Waiting[]): Promise<Knowledge> {
  const events = waiting.flatMap(({ ticket }) => ticket.events.map(({ event }) => event));
  const named = (kind: "profile" | "external" | "anonymous", values: (string | null)[]) =>
    [...new Set(values)].flatMap((value) => (value === null ? [] : { kind, value }));
  const identifiers = [
    ...named(
      "profile",
      events.map(({ userId }) => userId),
    ),
    ...named(
      "external",
      events.map(({ externalId }) => externalId),
    ),
    ...named(
      "anonymous",
      events.map(({ anonymousId }) => anonymousId),
    ),
  ];
  return identityFacts(db, tenant, { identifiers, messageIds: events.flatMap(({ messageId }) => messageId ?? []) });
}

/**
 * Profiles become one before the events that say so are stored: a crash between the two leaves a merge that the repeated request asks for.
 * @returns what is known from then on; null when it has to be looked up
 */
async function merge(tenant: Tenant, { merges }: Plan, { known, seen }: Knowledge): Promise<Knowledge | null> {
  if (merges.length === 0) return null;
  const { survivors, woken } = await retryTransient(() => mergeProfiles(db, tenant, merges), { triesMax: 12 });
  const merged = Object.keys(survivors).length;
  count("merged", merged);
  if (woken > 0) wake();
  const wanted = merges.reduce((sum, { profileIds }) => sum + profileIds.length - 1, 0);
  return merged === wanted ? { known: followed(known, survivors), seen } : null;
}

async function currentFacts(tenant: Tenant, waiting: readonly Waiting[]): Promise<Facts | null> {
  const facts = await factsOf(tenant);
  if (facts === null || waiting.every(({ ticket }) => (ticket.actorVersion ?? 0) <= facts.version)) return facts;
  await forgetFacts(tenant, facts);
  return factsOf(tenant);
}

/** Requests whose key was read before the workspace last changed go back to have it read again. @returns the others */
function sendBack(waiting: readonly Waiting[], facts: Facts | null): readonly Waiting[] {
  const isCurrent = ({ ticket }: Waiting) => facts !== null && (ticket.actorVersion ?? facts.version) >= facts.version;
  for (const one of waiting) if (!isCurrent(one)) settle(one, { kind: "stale" });
  return waiting.filter(isCurrent);
}

/** Requests whose key was answered before get that answer again. @returns the others */
function replay(waiting: readonly Waiting[], taken: NonNullable<IngestResult["taken"]>): readonly Waiting[] {
  const keyed = waiting.filter(({ ticket }) => ticket.idempotency !== null);
  for (const { request, hash, status, answer } of taken) {
    const one = keyed[request - 1];
    const { idempotency } = one?.ticket ?? {};
    if (one === undefined || !idempotency) throw new Error("ingest() named a request that was not there");
    count("replays");
    const same = hash === idempotency.bodyHash;
    if (same) settle(one, { kind: "answered", answer: idempotency.unseal(Buffer.from(answer, "base64"), status) });
    else settle(one, { kind: "failed", error: new AppError("idempotency_conflict") });
  }
  return waiting.filter(({ settled }) => !settled);
}

function finish(waiting: readonly Waiting[], result: IngestResult, { apart, takeovers }: Plan): void {
  const { enrolled = 0, kept = 0, woken = 0, signalled = 0 } = result;
  if (enrolled + woken + signalled > 0) wake();
  count("takeovers", takeovers);
  if (apart > 0) log.info("a user_id and an external_id belong to two people", { events: apart });
  if (kept > 0) log.info("a publishable key did not change the address of an identified person", { times: kept });
  for (const one of waiting) {
    count("accepted", one.ticket.events.length);
    count("rejected", one.ticket.refused.length);
    settle(one, { kind: "answered", answer: answerOf(one.ticket) });
  }
}

function settle(one: Waiting, outcome: Outcome): void {
  one.settled = true;
  one.tell(outcome);
}

/**
 * Something in this one request cannot be stored: what it is is found by trying, in transactions that are undone, and refused by name.
 * The rest of the request is stored by the next round.
 */
async function refuseOne(
  tenant: Tenant,
  [waiting]: readonly Waiting[],
  { facts, knowledge, thrown }: { facts: Facts; knowledge: Knowledge; thrown: unknown },
): Promise<void> {
  if (waiting === undefined || waiting.ticket.events.length === 0) throw thrown;
  const { ticket } = waiting;
  const good: Ticket["events"] = [];
  const bad = new Map<IncomingEvent, AppError>();
  const add = async (events: Ticket["events"]): Promise<void> => {
    const tried = { ...ticket, idempotency: null, events: [...good, ...events] };
    const problem = await attempt(tenant, tried, facts, knowledge);
    const half = Math.ceil(events.length / 2);
    if (problem === null) good.push(...events);
    else if (events.length === 1) for (const { event } of events) bad.set(event, problem);
    else {
      await add(events.slice(0, half));
      await add(events.slice(half));
    }
  };
  await add(ticket.events);
  for (const [event, error] of bad) refuseEvents(ticket, (one) => one === event, error);
}

const undone = Symbol("undone");

/** @returns null when it could be stored (it is not), else why not */
async function attempt(tenant: Tenant, ticket: Ticket, facts: Facts, knowledge: Knowledge) {
  try {
    await retryTransient(() =>
      transaction(async (tx) => {
        await ingest(tx, tenant, plan([ticket], facts, knowledge, new Date()).call);
        throw undone;
      }),
    );
  } catch (thrown) {
    if (thrown === undone) return null;
    if (!isRefusal(thrown)) throw thrown;
    return refusalOf(thrown);
  }
  return null;
}

function refuseEvents(ticket: Ticket, isBad: (event: IncomingEvent) => boolean, error: AppError): void {
  const refused = ticket.events.filter(({ event }) => isBad(event));
  if (refused.length === 0) return;
  ticket.refused.push(...refused.map(({ index }) => ({ index, error })));
  ticket.events = ticket.events.filter(({ event }) => !isBad(event));
}

/** The data itself is at fault: what PostgreSQL's types cannot hold (classes 22 and 54), and our own limit. */
const isRefusal = (thrown: unknown): boolean => /^(22|54|GF003)/.test(sqlState(thrown) ?? "");

const refusalOf = (thrown: unknown): AppError =>
  sqlState(thrown) === "GF003"
    ? new AppError("validation_error", "A profile has at most 256 traits, which take at most 64 KB together.")
    : new AppError("validation_error", "This event holds something that cannot be stored.", { cause: thrown });

/** Whether smaller groups would fail alike: without the database, or where nothing in the data is at fault. */
const hopeless = (thrown: unknown): boolean =>
  thrown instanceof AppError || databaseUnavailable(thrown) || /^(0A|23|28|3D|42|XX)/.test(sqlState(thrown) ?? "");

function giveUp(waiting: readonly Waiting[], thrown: unknown): void {
  log.error("a group of events was not stored", thrown, { requests: waiting.length });
  count("failures", waiting.length);
  const error =
    thrown instanceof AppError
      ? thrown
      : new AppError("unavailable", undefined, { retryAfterSeconds: 1, note: "intake", cause: thrown });
  for (const one of waiting) settle(one, { kind: "failed", error });
}
