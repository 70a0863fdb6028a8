import "server-only";
import type { Prisma } from "../../prisma/generated/client";
import type { Db } from "../db";
import { hashSecret, newId } from "../ids";
import { seal } from "../seal";

/**
 * Rows with everything filled in but what a test or the seed wants to say: `makeSend(db, { workspaceId, status: "sent" })`.
 * Each has a plural that writes many in few statements. Parents that are not named are made. Ids sort in the order of making,
 * or by `createdAt` (`occurredAt` of events) where one is given, which also decides the partition of bulk rows.
 */

let lastMs = 0;
let inMs = 0;
/** A fresh id: of the moment given, else later than every one before it (a count stands in the 12 bits after the version). */
export function nextId(at?: Date | string | null): string {
  if (at) return newId(new Date(at).getTime());
  inMs = Date.now() > lastMs ? 0 : inMs + 1;
  lastMs = Math.max(lastMs, Date.now()) + (inMs > 4095 ? 1 : 0);
  inMs %= 4096;
  const id = newId(lastMs);
  return `${id.slice(0, 15)}${inMs.toString(16).padStart(3, "0")}${id.slice(18)}`;
}

let serial = 0;
const next = () => {
  serial += 1;
  return serial;
};

const rowsPerStatement = 1000;

/** Runs `write` over pieces that keep below PostgreSQL's limit of parameters. */
async function inPieces<D, R>(data: readonly D[], write: (piece: D[]) => PromiseLike<R[]>): Promise<R[]> {
  const made: R[] = [];
  for (let from = 0; from < data.length; from += rowsPerStatement)
    made.push(...(await write(data.slice(from, from + rowsPerStatement))));
  return made;
}

function only<R>(rows: readonly R[]): R {
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`);
  return row;
}

type Tenancy = { workspaceId: string };

export async function makeWorkspace(db: Db, over: Partial<Prisma.WorkspaceCreateManyInput> = {}) {
  const id = over.id ?? nextId(over.createdAt);
  return only(
    await db.prisma.workspace.createManyAndReturn({
      data: [{ slug: `workspace-${id.slice(-12)}`, name: "Workspace", timezone: null, ...over, id }],
    }),
  );
}

/** `passwordHash` opens nothing unless the caller brings a real one. */
export async function makeUser(db: Db, over: Partial<Prisma.UserCreateManyInput> = {}) {
  const id = over.id ?? nextId(over.createdAt);
  return only(
    await db.prisma.user.createManyAndReturn({
      data: [{ email: `user-${next()}-${id.slice(-6)}@example.com`, passwordHash: "none", ...over, id }],
    }),
  );
}

export const makeMembership = (
  db: Db,
  over: Tenancy & { userId: string } & Partial<Prisma.MembershipCreateManyInput>,
) => db.prisma.membership.create({ data: { role: "owner", ...over } });

/** A key that `secret` opens. */
export async function makeApiKey(
  db: Db,
  {
    secret = `gflux_secret_live_${nextId()}`,
    ...over
  }: Tenancy & { secret?: string } & Partial<Prisma.ApiKeyCreateManyInput>,
) {
  const row = await db.prisma.apiKey.create({
    data: {
      id: nextId(over.createdAt),
      kind: "secret",
      name: "Key",
      keyHash: hashSecret(secret),
      prefix: secret.slice(0, 18),
      last4: secret.slice(-4),
      scopes: [],
      createdBy: "test",
      ...over,
    },
  });
  return { ...row, secret };
}

/**
 * A native connection that was validated. `serverToken` and `webhookSecret` are sealed where lib/connections looks for them.
 */
export async function makeConnection(
  db: Db,
  {
    serverToken = "test-server-token",
    webhookSecret = "test-webhook-secret",
    ...over
  }: Tenancy & { serverToken?: string; webhookSecret?: string } & Partial<Prisma.ConnectionCreateManyInput>,
) {
  const id = over.id ?? nextId(over.createdAt);
  const place = `connection:${over.workspaceId}:${id}`;
  return only(
    await db.prisma.connection.createManyAndReturn({
      data: [
        {
          provider: "postmark",
          displayName: `Connection ${next()}`,
          fromEmail: "hello@example.com",
          fromName: "Acme",
          messageStream: "broadcast",
          sealedCredentials: seal(serverToken, `${place}:token`),
          credentialsLast4: serverToken.slice(-4),
          sealedWebhookSecret: seal(webhookSecret, `${place}:webhook`),
          status: "ready",
          serverId: "1",
          serverName: "Server",
          streams: [
            {
              id: "outbound",
              name: "Transactional",
              type: "transactional",
              unsubscribeHandling: "none",
              archived: false,
            },
            { id: "broadcast", name: "Broadcast", type: "broadcast", unsubscribeHandling: "provider", archived: false },
          ],
          lastValidatedAt: new Date(),
          updatedAt: new Date(),
          listsStale: false, // else a dispatcher asks for its suppression lists at once
          ...over,
          id,
        },
      ],
    }),
  );
}

/** A person; `email` is put into the traits. `externalId` and `anonymousIds` become identifiers. */
export type ProfileOver = Partial<Prisma.ProfileCreateManyInput> & {
  email?: string | null;
  externalId?: string | null;
  anonymousIds?: readonly string[];
};
export const makeProfile = async (db: Db, over: Tenancy & ProfileOver) =>
  only(await makeProfiles(db, { workspaceId: over.workspaceId }, [over]));

export async function makeProfiles(db: Db, { workspaceId }: Tenancy, rows: readonly ProfileOver[]) {
  const people = rows.map(({ email, externalId, anonymousIds = [], traits, ...over }) => {
    const id = over.id ?? nextId(over.createdAt);
    const address = email === undefined ? `person-${next()}@example.com` : email;
    const given = typeof traits === "object" && traits !== null ? traits : {};
    return {
      row: { ...over, workspaceId, id, traits: { ...(address === null ? {} : { email: address }), ...given } },
      identifiers: [
        ...(externalId === null ? [] : [{ kind: "external", value: externalId ?? `user-${id}` }]),
        ...anonymousIds.map((value) => ({ kind: "anonymous", value })),
      ].map((identifier) => ({ ...identifier, workspaceId, profileId: id })),
    };
  });
  const made = await inPieces(people, (piece) =>
    db.prisma.profile.createManyAndReturn({ data: piece.map(({ row }) => row) }),
  );
  await inPieces(
    people.flatMap(({ identifiers }) => identifiers),
    async (piece) => {
      await db.prisma.identifier.createMany({ data: piece });
      return [];
    },
  );
  return made;
}

export type EventOver = Partial<Prisma.EventCreateManyInput>;
export const makeEvent = async (db: Db, over: Tenancy & EventOver) =>
  only(await makeEvents(db, { workspaceId: over.workspaceId }, [over]));

/** Events of one profile that is made when none is named. */
export async function makeEvents(db: Db, { workspaceId }: Tenancy, rows: readonly EventOver[]) {
  const profileId = rows.every((over) => over.profileId) ? "" : (await makeProfile(db, { workspaceId })).id;
  const data = rows.map((over) => ({
    profileId,
    name: "signed_up",
    properties: {},
    source: "server",
    occurredAt: over.occurredAt ?? new Date(),
    ...over,
    workspaceId,
    id: over.id ?? nextId(over.occurredAt),
  }));
  return inPieces(data, (piece) => db.prisma.event.createManyAndReturn({ data: piece }));
}

/** The smallest definition that automations accept: one email on `signed_up`. */
export const welcomeDefinition = (connectionId: string) => ({
  trigger: { type: "event", event: "signed_up", where: null, source: "any" },
  audience: null,
  reentry: "once",
  steps: [emailStep("welcome", connectionId)],
});

export const emailStep = (
  id: string,
  connectionId: string,
  over: Record<string, Prisma.InputJsonValue | null> = {},
) => ({
  id,
  type: "send_email",
  email_provider_id: connectionId,
  subject: "Welcome, {{ profile.first_name | default: 'there' }}",
  html: "<p>Hello {{ profile.first_name }}</p>",
  text: "Hello {{ profile.first_name }}",
  template_id: null,
  from_email: null,
  from_name: null,
  reply_to_email: null,
  message_stream: null,
  ...over,
});

/** A live automation with version 1. Without a `definition` or connection, a connection is made for its one email. */
export async function makeAutomation(
  db: Db,
  {
    connectionId,
    definition,
    ...over
  }: Tenancy & { connectionId?: string; definition?: object } & Omit<
      Partial<Prisma.AutomationCreateManyInput>,
      "definition"
    >,
) {
  const { workspaceId } = over;
  // Plain JSON by its callers' word: Prisma's JSON type has no shape that an interface satisfies.
  const json = (definition ??
    welcomeDefinition(connectionId ?? (await makeConnection(db, { workspaceId })).id)) as Prisma.InputJsonObject;
  const id = over.id ?? nextId(over.createdAt);
  const name = over.name ?? `Automation ${next()}`;
  const status = over.status ?? "live";
  const row = { updatedAt: new Date(), ...over, id, name, status, definition: json };
  await db.prisma.automation.createMany({ data: [row] });
  const version = await makeVersion(db, { workspaceId, automationId: id, definition: json, createdAt: over.createdAt });
  const automation = await db.prisma.automation.update({
    where: { workspaceId_id: { workspaceId, id } },
    data: status === "draft" ? {} : { liveVersionId: over.liveVersionId ?? version.id },
  });
  return { ...automation, version };
}

export async function makeVersion(
  db: Db,
  over: Tenancy & { automationId: string; definition: object } & Omit<
      Partial<Prisma.AutomationVersionCreateManyInput>,
      "definition"
    >,
) {
  const definition = over.definition as Prisma.InputJsonObject; // as above
  const data = { id: nextId(over.createdAt), number: 1, publishedBy: "test", ...over, definition };
  return only(await db.prisma.automationVersion.createManyAndReturn({ data: [data] }));
}

export type EnrollmentOver = Partial<Prisma.EnrollmentCreateManyInput>;
type Run = Tenancy & { automationId: string; versionId: string };
export const makeEnrollment = async (db: Db, over: Run & EnrollmentOver) =>
  only(await makeEnrollments(db, over, [over]));

/** Runs that are due now, each of a person of its own unless named. */
export async function makeEnrollments(db: Db, run: Run, rows: readonly EnrollmentOver[]) {
  const { workspaceId, automationId, versionId } = run;
  const nameless = rows.filter((over) => !over.profileId);
  const people = await makeProfiles(
    db,
    { workspaceId },
    nameless.map(() => ({})),
  );
  const data = rows.map((over) => ({
    entryKey: "",
    readyAt: over.createdAt ?? new Date(),
    dueAt: over.status && over.status !== "active" ? null : new Date(),
    ...over,
    profileId: over.profileId ?? people.pop()?.id ?? "",
    workspaceId,
    automationId,
    versionId,
    id: over.id ?? nextId(over.createdAt),
  }));
  return inPieces(data, (piece) => db.prisma.enrollment.createManyAndReturn({ data: piece }));
}

export type SendOver = Partial<Prisma.SendCreateManyInput>;
export const makeSend = async (db: Db, over: Tenancy & SendOver) =>
  only(await makeSends(db, { workspaceId: over.workspaceId }, [over]));

/** Queued and due unless said otherwise, with their lanes. Without a connection one is made for all. */
export async function makeSends(db: Db, { workspaceId }: Tenancy, rows: readonly SendOver[]) {
  const connectionId = rows.every((over) => over.connectionId) ? "" : (await makeConnection(db, { workspaceId })).id;
  const data = rows.map((over) => {
    const at = over.scheduledAt ?? over.createdAt ?? new Date();
    const unsettled = ["queued", "sending", "unknown"].includes(over.status ?? "queued");
    return {
      connectionId,
      messageStream: "broadcast",
      scheduledAt: at,
      dueAt: unsettled ? at : null,
      ...over,
      workspaceId,
      id: over.id ?? nextId(over.createdAt),
    };
  });
  const made = await inPieces(data, (piece) => db.prisma.send.createManyAndReturn({ data: piece }));
  await db.prisma.sendLane.createMany({
    data: made.map((send) => ({ workspaceId, connectionId: send.connectionId, messageStream: send.messageStream })),
    skipDuplicates: true,
  });
  return made;
}

export type SendAttemptOver = Partial<Prisma.SendAttemptCreateManyInput> & {
  sendId: string;
  connectionId: string;
  messageStream: string;
};
/** Attempts whose outcome is not known. */
export const makeSendAttempts = (db: Db, { workspaceId }: Tenancy, rows: readonly SendAttemptOver[]) =>
  inPieces(
    rows.map((over) => ({
      number: 1,
      batchId: nextId(),
      serverId: "1",
      startedAt: new Date(),
      sendBy: new Date(),
      ...over,
      workspaceId,
    })),
    (piece) => db.prisma.sendAttempt.createManyAndReturn({ data: piece }),
  );

export type EngagementOver = Partial<Prisma.EngagementEventCreateManyInput> & { sendId: string; kind: string };
export const makeEngagementEvents = (db: Db, { workspaceId }: Tenancy, rows: readonly EngagementOver[]) =>
  inPieces(
    rows.map((over) => ({
      occurredAt: over.occurredAt ?? new Date(),
      data: {},
      ...over,
      workspaceId,
      id: over.id ?? nextId(over.occurredAt),
    })),
    (piece) => db.prisma.engagementEvent.createManyAndReturn({ data: piece }),
  );

export type DecisionOver = Partial<Prisma.DecisionCreateManyInput> & { profileId: string };
export const makeDecisions = (db: Db, { workspaceId }: Tenancy, rows: readonly DecisionOver[]) =>
  inPieces(
    rows.map((over) => ({
      kind: "entered",
      reason: "trigger",
      details: {},
      ...over,
      workspaceId,
      id: over.id ?? nextId(),
    })),
    (piece) => db.prisma.decision.createManyAndReturn({ data: piece }),
  );

/** A workspace-wide one by hand, unless a stream is named with its connection. */
export type SuppressionOver = Partial<Prisma.SuppressionCreateManyInput> & { email: string };
export const makeSuppressions = (db: Db, { workspaceId }: Tenancy, rows: readonly SuppressionOver[]) =>
  inPieces(
    rows.map((over) => ({
      scope: "workspace",
      connectionId: "00000000-0000-0000-0000-000000000000",
      stream: "*",
      reason: "manual",
      origin: "customer",
      changedAt: new Date(),
      ...over,
      workspaceId,
      email: over.email.toLowerCase(),
    })),
    (piece) => db.prisma.suppression.createManyAndReturn({ data: piece }),
  );
