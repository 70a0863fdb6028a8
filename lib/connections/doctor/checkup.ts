import "server-only";
import { type Actor, allow, type Tenant } from "../../actor";
import { db } from "../../db";
import { AppError } from "../../errors";
import { noConnection } from "../open";
import { findConnection, type StoredConnection } from "../store";
import { examine, ordered } from "./examine";
import { loopRow, loopStage } from "./loop";
import { connectorOf, type ListState, ownReach, readFacts, readLoop } from "./read";
import { type DoctorInput, type DoctorReport, type DoctorRow, doctorReport, type LoopNow, rowOf } from "./row";
import { connectionsCalled, findCheckup, type StoredLoop, saveCheckup } from "./store";

type Seams = { listState: ListState };

/** For how long a page shows what was read. */
const freshMs = 10 * 60_000;

/** Reads everything of a connection now, at the provider and in DNS, and says what it means. @throws AppError `not_found` */
export async function checkConnection(actor: Actor, { id }: DoctorInput, seams: Seams): Promise<DoctorReport> {
  const tenant = allow(actor, "connections:read");
  return checkup(tenant, await foundConnection(tenant, id), seams);
}

/** Readings that are under way in this process: a page that asks again meanwhile gets the same. */
const underWay = new Map<string, Promise<DoctorReport>>();

/**
 * What a page shows: what was read in the last ten minutes, if the connection was not changed since; else it is read now. The loop
 * is always as it is now: a page that looks every two seconds sees it come round.
 */
export async function recentCheckup(actor: Actor, { id }: DoctorInput, seams: Seams): Promise<DoctorReport> {
  const tenant = allow(actor, "connections:read");
  const stored = await foundConnection(tenant, id);
  const { record } = stored;
  const known = await findCheckup(db, tenant, record.id);
  const loop = await readLoop(tenant, record.id, connectorOf(tenant, stored), known.loop);
  const report = doctorReport.safeParse(known.report).data;
  const checkedMs = known.checkedAt?.getTime() ?? 0;
  const now = loopRowOf(stored, loop);
  const was = report?.data.find(({ id }) => id === now.id);
  // What a message told that has come round (or has not) is in other rows too.
  const ended = was !== undefined && was.state !== now.state;
  if (report && !ended && checkedMs > record.updatedAt.getTime() && Date.now() - checkedMs < freshMs)
    return withRow(report, now);
  // Of what it was before a change nobody wants to hear any more.
  const key = `${record.id} ${record.updatedAt.getTime()}`;
  const reading = underWay.get(key) ?? checkup(tenant, stored, seams).finally(() => underWay.delete(key));
  underWay.set(key, reading);
  return reading;
}

/** Reads and judges all, and keeps it for the page. */
export async function checkup(tenant: Tenant, stored: StoredConnection, seams: Seams): Promise<DoctorReport> {
  const facts = await readFacts(tenant, stored, seams);
  const report = examine(facts);
  await saveCheckup(db, tenant, stored.record.id, { report, checkedAt: facts.readAt });
  return report;
}

/** Where the message round the loop is now. */
export async function loopNow(actor: Actor, { id }: DoctorInput): Promise<LoopNow> {
  const tenant = allow(actor, "connections:read");
  const stored = await foundConnection(tenant, id);
  const loop = await readLoop(tenant, stored.record.id, connectorOf(tenant, stored));
  const stage = loop && loopStage(loop, { reach: ownReach(), now: new Date() });
  return { row: loopRowOf(stored, loop), running: stage === "running" };
}

export async function foundConnection(tenant: Tenant, id: string): Promise<StoredConnection> {
  const stored = await findConnection(db, tenant, id);
  if (!stored) throw noConnection();
  return stored;
}

function loopRowOf({ record: connection }: StoredConnection, loop: StoredLoop | null): DoctorRow {
  const readAt = new Date();
  return rowOf(loopRow({ loop, connection, reach: ownReach(), readAt }), readAt);
}

function withRow(report: DoctorReport, row: DoctorRow): DoctorReport {
  return { ...report, ...ordered(report.data.map((known) => (known.id === row.id ? row : known))) };
}

/** The one connection that an operator means, by its id or its name. @throws AppError `not_found`, or `conflict` when several are called so */
export async function connectionCalled(text: string): Promise<{ workspaceId: string; id: string }> {
  const [first, ...others] = await connectionsCalled(db, text);
  if (first === undefined) throw new AppError("not_found", `There is no connection with the id or name “${text}”.`);
  if (others.length === 0) return first;
  const each = [first, ...others].map(({ id, workspace }) => `${id} (${workspace})`).join(", ");
  throw new AppError("conflict", `Several connections are called “${text}”. Name one by its id: ${each}.`);
}
