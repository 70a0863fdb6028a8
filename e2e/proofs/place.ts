import { setTimeout as wait } from "node:timers/promises";
import type { Actor } from "../../lib/actor";
import { permissions } from "../../lib/actor";
import { db } from "../../lib/db";
import type { FaultRule } from "../../lib/sandbox";
import {
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeProfiles,
  makeWorkspace,
} from "../../lib/testing/factory";
import { wake } from "../../lib/wake";
import type { Accepted } from "./provider";
import type { Stage } from "./stage";

type World = { name: string; apiUrl: string; serverToken: string; server: { id: number; name: string } };
export type FaultReport = { id: string; rule: FaultRule; matched: number; fired: number; followed: number };
export type Place = Awaited<ReturnType<typeof openPlace>>;

/** One server of the provider, by its name in the sandbox: the same things as the stage's own, for each of many. */
function serverOf({ provider }: Pick<Stage, "provider">, { name, serverToken, server }: World) {
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${provider.url}/t/${name}/__emu${path}`, {
      method,
      // A kept connection may be closed from the other side at the moment when it is used again.
      headers: {
        authorization: `Bearer ${provider.controlKey}`,
        "content-type": "application/json",
        connection: "close",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`sandbox ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    name,
    serverToken,
    serverId: String(server.id),
    control,
    addFault: (rule: FaultRule) => control<FaultReport[]>("POST", "/faults", rule),
    faults: () => control<FaultReport[]>("GET", "/faults"),
    clearFaults: () => control("DELETE", "/faults"),
    settings: (patch: Record<string, unknown>) => control("PATCH", "/settings", patch),
    /** All that it took, but for probes. */
    accepted: async () =>
      (await control<Accepted[]>("GET", "/accepted/0")).filter(({ to }) => !to.includes("@blackhole.")),
    calls: () => control<{ atMs: number; path: string; items: number | null }[]>("GET", "/requests"),
  };
}

/** A further server of the provider's account, reached by its token. */
export const addServer = async (stage: Pick<Stage, "provider">) =>
  serverOf(stage, await stage.provider.control<World>("POST", "/servers", {}));

/** A workspace whose connection leads to a server of its own, with a live automation of one email. */
export async function openPlace(stage: Pick<Stage, "provider">, name: string) {
  const server = await addServer(stage);
  const { id: workspaceId } = await makeWorkspace(db, { name });
  const connection = await makeConnection(db, {
    workspaceId,
    serverToken: server.serverToken,
    serverId: server.serverId,
  });
  const automation = await makeAutomation(db, { workspaceId, connectionId: connection.id });
  const actor: Actor = { kind: "user", id: "proof", workspaceId, permissions: new Set(permissions), role: "owner" };
  return {
    name,
    server,
    workspaceId,
    connectionId: connection.id,
    automationId: automation.id,
    actor,
    /** People at the beginning of the automation, due now. */
    async enroll(emails: readonly string[]): Promise<void> {
      const profiles = await makeProfiles(
        db,
        { workspaceId },
        emails.map((email) => ({ email })),
      );
      const run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
      await makeEnrollments(
        db,
        run,
        profiles.map(({ id }) => ({ profileId: id })),
      );
      wake();
    },
    /** How many of the automation's emails there are of each status; tests with a "test " before it. */
    async statuses(): Promise<Record<string, number>> {
      const rows = await db.sql<{ status: string; n: number }>(
        `select case kind when 'test' then 'test ' else '' end || status as status, count(*)::int as n
         from sends where workspace_id = $1 group by 1 order by 1`,
        [workspaceId],
      );
      return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
    },
  };
}

/** Statuses of sends that are not settled. */
export const openOf = (statuses: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(statuses).filter(([status]) => /(queued|sending|unknown)$/.test(status));

/** Looks now and then, until it holds. @returns whether it did within the time */
export async function until(holds: () => Promise<boolean>, withinMs: number, everyMs = 1_000): Promise<boolean> {
  for (const limit = performance.now() + withinMs; performance.now() < limit; await wait(everyMs))
    if (await holds()) return true;
  return holds();
}

/** Lets so many work at once; the others wait for their turn. */
export function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

export type Verdict = { emails: number; lost: string[]; doubled: string[]; strange: string[] };

/**
 * What our log says of each send against what the provider's servers took: one that is "sent" was taken exactly once, any other not at
 * all. `open`: statuses that may still be either. Tests as well as automations' emails.
 */
export async function compare(
  { workspaceId, name }: Place,
  accepted: readonly Accepted[],
  { expected, open = [] }: { expected: number; open?: readonly string[] },
): Promise<Verdict> {
  const sends = await db.sql<{ id: string; status: string; to_email: string; kind: string }>(
    "select id::text, status, to_email, kind from sends where workspace_id = $1",
    [workspaceId],
  );
  const times = new Map<string, number>();
  for (const { metadata } of accepted) times.set(metadata.send_id ?? "", (times.get(metadata.send_id ?? "") ?? 0) + 1);
  const verdict: Verdict = { emails: accepted.length, lost: [], doubled: [], strange: [] };
  const known = new Set(sends.map(({ id }) => id));
  for (const [id] of times) if (!known.has(id)) verdict.strange.push(`${name}: a mail of nobody's send ${id}`);
  for (const { id, status, to_email: to, kind } of sends) {
    const count = times.get(id) ?? 0;
    if (count > 1) verdict.doubled.push(`${name}: ${to} was written to ${count} times`);
    else if (open.includes(status)) continue;
    else if (count === 0 && status === "sent")
      verdict.lost.push(`${name}: ${to} (${kind}) is shown as sent, and was not`);
    else if (count === 1 && status !== "sent")
      verdict.strange.push(`${name}: ${to} (${kind}) was sent, and is shown as ${status}`);
  }
  const automations = sends.filter(({ kind }) => kind === "automation").length;
  if (automations !== expected) verdict.lost.push(`${name}: ${automations} sends instead of ${expected}`);
  return verdict;
}
