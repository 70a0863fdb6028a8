import "server-only";
import type { Tenant } from "../actor";
import { AppError } from "../errors";
import { type Outcome, storeGroup, type Waiting } from "./group";
import { count } from "./statistics";
import type { Ticket } from "./ticket";

/** Two or three groups under way were best in every trial; one workspace takes two of them at most. */
const underWayMax = 4;
const underWayPerWorkspaceMax = 2;
const groupEventsMax = 1_000;
/** What may wait before callers are asked to come back. */
const waitingEventsMax = 20_000;
const waitingBytesMax = 64 * 1024 * 1024;

type Line = { tenant: Tenant; waiting: Waiting[]; underWay: number };

/** Workspaces with requests waiting or under way, in the order of their turns. */
const lines = new Map<string, Line>();
/** Requests with an idempotency key that are not answered yet. */
const running = new Set<string>();
const load = { events: 0, bytes: 0, underWay: 0 };
let idle: (() => void)[] = [];

/**
 * Puts a request into the next group of its workspace: what arrives while a group is under way joins the next one.
 * @throws AppError `conflict` while a request with the same idempotency key runs, `unavailable` when too much waits
 */
export async function submit(tenant: Tenant, ticket: Ticket): Promise<Outcome> {
  const key = ticket.idempotency && `${tenant.workspaceId} ${ticket.idempotency.scope} ${ticket.idempotency.key}`;
  if (key !== null && running.has(key))
    throw new AppError("conflict", "A request with this idempotency key is running.", { retryAfterSeconds: 1 });
  const events = ticket.events.length;
  if (load.events + events > waitingEventsMax || load.bytes + ticket.bodyBytes > waitingBytesMax) {
    count("refusals");
    throw new AppError("unavailable", "Too many events are waiting to be stored. Try again.", { retryAfterSeconds: 1 });
  }
  if (key !== null) running.add(key);
  load.events += events;
  load.bytes += ticket.bodyBytes;
  try {
    return await new Promise<Outcome>((tell) => {
      const line = lines.get(tenant.workspaceId) ?? { tenant, waiting: [], underWay: 0 };
      lines.set(tenant.workspaceId, line);
      line.waiting.push({ ticket, settled: false, tell });
      startGroups();
    });
  } finally {
    if (key !== null) running.delete(key);
    load.events -= events;
    load.bytes -= ticket.bodyBytes;
  }
}

/** Resolves once nothing waits and nothing is under way. */
export const drainQueue = (): Promise<void> =>
  lines.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));

export const queueState = () => ({ events: load.events, bytes: load.bytes, underWay: load.underWay });

function startGroups(): void {
  for (const [workspaceId, line] of lines) {
    if (load.underWay >= underWayMax) return;
    if (line.waiting.length === 0 || line.underWay >= underWayPerWorkspaceMax) continue;
    // To the end of the round: the next group is another workspace's, if another waits.
    lines.delete(workspaceId);
    lines.set(workspaceId, line);
    void runGroup(workspaceId, line);
  }
}

async function runGroup(workspaceId: string, line: Line): Promise<void> {
  const group = takeGroup(line);
  line.underWay += 1;
  load.underWay += 1;
  await storeGroup(line.tenant, group);
  line.underWay -= 1;
  load.underWay -= 1;
  if (line.waiting.length === 0 && line.underWay === 0) lines.delete(workspaceId);
  startGroups();
  if (lines.size > 0) return;
  for (const resolve of idle) resolve();
  idle = [];
}

function takeGroup(line: Line): Waiting[] {
  let events = 0;
  const end = line.waiting.findIndex(({ ticket }, index) => {
    events += Math.max(1, ticket.events.length);
    return events > groupEventsMax && index > 0;
  });
  return line.waiting.splice(0, end < 0 ? line.waiting.length : end);
}
