import "server-only";
import * as z from "zod";
import { type Actor, allow, type Tenant } from "../actor";
import { systemClock } from "../clock";
import { db } from "../db";
import { AppError } from "../errors";
import { identifiersOf, profileIdsOf, profileOf } from "../profiles";
import { workspaceById } from "../workspaces";
import type { Person } from "./schema";
import { type AutomationRow, selectAutomation, selectDecisionsAbout, selectRunning } from "./store-why";
import { toDecision, whyOf } from "./why";
import { type Asked, loadWhy, toStored } from "./why-load";
import type { WhyAutomation, WhyEverywhere, WhyInput } from "./why-schema";

const runsMax = 10;
const eventsMax = 20;
const decisionsMax = 200;
const automationsMax = 50;

/**
 * Why this person did, or did not, get email: of one automation, or of all that run. What was decided is read; that somebody did not
 * enter is worked out now, from the stored events and the version that was live then. @throws AppError `not_found`
 */
export async function whyPerson(actor: Actor, input: WhyInput): Promise<WhyAutomation | WhyEverywhere> {
  const tenant = allow(actor, "profiles:read");
  const { person, profileIds } = await personOf(tenant, input.id);
  return input.automation_id
    ? aboutOne(tenant, { person, profileIds }, { ...input, automation_id: input.automation_id })
    : aboutAll(tenant, { person, profileIds }, input);
}

type Whom = Pick<Asked, "person" | "profileIds">;

async function aboutOne(
  tenant: Tenant,
  whom: Whom,
  { automation_id, enrollment_id }: { automation_id: string; enrollment_id?: string | undefined },
): Promise<WhyAutomation> {
  const [automation] = isId(automation_id) ? await selectAutomation(db, tenant, automation_id) : [];
  if (automation === undefined) throw new AppError("not_found", "There is no such automation in this workspace.");
  const only = enrollment_id ? { enrollmentId: enrollment_id } : {};
  const now = systemClock();
  const [facts] = await loadWhy(tenant, await asked(tenant, whom, [automation]), {
    runsMax,
    eventsMax,
    decisionsMax,
    now,
    ...only,
  });
  if (facts === undefined) throw new Error("nothing was loaded about an automation");
  if (enrollment_id && facts.runs.length === 0) throw new AppError("not_found", "This person has no such run.");
  const answer = whyOf(facts, now);
  return { ...answer, profile_id: whom.person.id, not_entered: enrollment_id ? null : answer.not_entered };
}

async function aboutAll(tenant: Tenant, whom: Whom, { cursor, limit }: WhyInput): Promise<WhyEverywhere> {
  const { profileIds } = whom;
  const [automations, rows] = await Promise.all([
    selectRunning(db, tenant, automationsMax),
    selectDecisionsAbout(db, tenant, { profileIds, before: cursor, limit }),
  ]);
  const now = systemClock();
  const bounds = { runsMax: 1, eventsMax: 1, decisionsMax: 50, now };
  const facts = await loadWhy(tenant, await asked(tenant, whom, automations), bounds);
  const data = rows.slice(0, limit);
  return {
    profile_id: whom.person.id,
    automation_id: null,
    automations: facts.map((one) => {
      const { automation_id, automation_name: name, automation_status: status, answer } = whyOf(one, now);
      return { automation_id, name, status, answer };
    }),
    data: data.map((row) => toDecision(toStored(row))),
    next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null,
  };
}

async function asked(tenant: Tenant, whom: Whom, automations: readonly AutomationRow[]): Promise<Asked> {
  const { sending_stopped_at } = await workspaceById(db, tenant);
  return { ...whom, automations, stoppedSince: sending_stopped_at === null ? null : new Date(sending_stopped_at) };
}

async function personOf(tenant: Tenant, anyId: string): Promise<Whom> {
  const found = await profileOf(db, tenant, anyId);
  const [profileIds, identifiers] = await Promise.all([
    profileIdsOf(db, tenant, found.id),
    identifiersOf(db, tenant, found.id),
  ]);
  const externalId = identifiers.find(({ kind }) => kind === "external")?.value ?? null;
  const person: Person = { id: found.id, externalId, traits: found.traits, createdAt: found.created_at };
  return { person, profileIds };
}

const isId = (text: string): boolean => z.uuid().safeParse(text).success;
