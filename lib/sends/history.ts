import "server-only";
import * as z from "zod";
import { type Actor, allow } from "../actor";
import { db } from "../db";
import { invalidField } from "../errors";
import { identifiersOf, identityChangesOf, profileIdsOf, profileOf } from "../profiles";
import type { ProfileInput } from "../profiles/schema";
import {
  type HistoryInput,
  type IdentityList,
  type PersonEnrollmentPage,
  personEnrollment,
  sendStatus,
  type TimelinePage,
} from "./schema";
import { type HistoryCursor, type HistoryRow, selectEnrollmentsOf, selectEvents, selectHistory } from "./store-history";

/** What a person did and got: events, sends and their engagement, newest first. @throws AppError `not_found` */
export async function profileTimeline(actor: Actor, input: HistoryInput): Promise<TimelinePage> {
  const tenant = allow(actor, "profiles:read");
  const person = await profileOf(db, tenant, input.id);
  const rows = await selectHistory(db, tenant, await profileIdsOf(db, tenant, person.id), {
    before: input.cursor ? readCursor(input.cursor) : undefined,
    limit: input.limit,
  });
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return { data: page.map(toEntry), next_cursor: last && rows.length > page.length ? writeCursor(last) : null };
}

/** Every id that was attached to a person, with the event that brought it, and what else became of them. @throws AppError `not_found` */
export async function profileIdentity(actor: Actor, input: ProfileInput): Promise<IdentityList> {
  const tenant = allow(actor, "profiles:read");
  const person = await profileOf(db, tenant, input.id);
  const identifiers = await identifiersOf(db, tenant, person.id);
  const brought = await selectEvents(
    db,
    tenant,
    identifiers.flatMap((item) => item.event_id ?? []),
  );
  const events = new Map(brought.map((event) => [event.id, event]));
  const data = identifiers.map((item) => {
    const event = events.get(item.event_id ?? "");
    return {
      kind: item.kind,
      value: item.value,
      attached_at: item.created_at.toISOString(),
      event: event ? { ...event, occurred_at: event.occurred_at.toISOString() } : null,
    };
  });
  const mine = await profileIdsOf(db, tenant, person.id);
  const changes = (await identityChangesOf(db, tenant, mine)).map((change) => ({
    id: change.id,
    at: change.at.toISOString(),
    kind: change.kind,
    role: mine.includes(change.profile_id) ? ("gained" as const) : ("lost" as const),
    other_id: mine.includes(change.profile_id) ? change.other_id : change.profile_id,
    identifier:
      change.identifier_kind === null || change.value === null
        ? null
        : { kind: change.identifier_kind, value: change.value },
    named: [
      change.details.user_id,
      change.details.external_id,
      change.details.previous_id,
      change.details.anonymous_id,
    ].flatMap((id) => id ?? []),
    event: change.details.event ?? null,
  }));
  return { data, changes };
}

/** The runs of a person through automations, newest first. @throws AppError `not_found` */
export async function profileEnrollments(actor: Actor, input: HistoryInput): Promise<PersonEnrollmentPage> {
  const tenant = allow(actor, "profiles:read");
  const person = await profileOf(db, tenant, input.id);
  if (input.cursor && !z.uuid().safeParse(input.cursor).success) throw noCursor();
  const rows = await selectEnrollmentsOf(db, tenant, await profileIdsOf(db, tenant, person.id), {
    before: input.cursor || undefined,
    limit: input.limit,
  });
  const page = rows.slice(0, input.limit).map(({ created_at, ended_at, due_at, ...row }) =>
    personEnrollment.parse({
      ...row,
      due_at: due_at?.toISOString() ?? null,
      entered_at: created_at.toISOString(),
      ended_at: ended_at?.toISOString() ?? null,
    }),
  );
  return { data: page, next_cursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null };
}

const toEntry = (row: HistoryRow) => ({
  ...row,
  status: row.status === null ? null : sendStatus.parse(row.status),
  occurred_at: row.occurred_at.toISOString(),
});

const writeCursor = (row: HistoryRow): string => `${row.occurred_at.toISOString()}_${row.id}`;

function readCursor(text: string): HistoryCursor {
  const [occurredAt, id] = text.split("_");
  const read = z.object({ occurredAt: z.iso.datetime(), id: z.uuid() }).safeParse({ occurredAt, id });
  if (!read.success) throw noCursor();
  return read.data;
}

const noCursor = () => invalidField("cursor", "This is not a cursor of this list.");
