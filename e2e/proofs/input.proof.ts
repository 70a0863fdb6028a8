import { readdirSync, readFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import { db } from "../../lib/db";
import {
  makeApiKey,
  makeAutomation,
  makeConnection,
  makeProfiles,
  makeSends,
  makeWorkspace,
} from "../../lib/testing/factory";
import { record } from "./figures";
import { type Document, nearly, type Request, Requests } from "./requests";
import { proofScale } from "./scale";
import { openStage, type Stage } from "./stage";

const scale = proofScale();
const atOnce = 12;
const perChunk = 500;
const answerWithinMs = 30_000;
/** How much a process may hold at the end beside what it held after a fifth of the bodies: buffers and caches have their limits by then. */
const growthBytesMax = 256 * 1024 * 1024;

type Answer = { status: number; headers: Record<string, unknown>; text: string; ms: number };

test("no body, path, key or header brings more than an error in words: no 5xx but our own 503, no stack trace, no dead process, no growing memory", {
  timeout: scale.timeoutMs,
}, async () => {
  const startedMs = performance.now();
  const stage = await openStage({ name: "input" });
  try {
    const { url, subject } = await stage.startWeb({ DATABASE_POOL_MAX: "10" });
    const call = caller(url);
    const bodies = await bodiesOf(stage, call);
    const { wrong, statuses } = await postAll(bodies, call);
    const grownBytes = await bodies.grownBytes();
    record({
      proof: "input",
      seed: stage.seed,
      full: scale.full,
      emails: 0,
      kills: 0,
      stops: 0,
      faults: scale.bodies,
      lost: 0,
      doubled: 0,
      longestRecoveryMs: null,
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      statuses: Object.fromEntries([...statuses].sort()),
      grownMB: Math.round(grownBytes / 1_048_576),
      wrong: wrong.length,
    });
    expect(wrong.slice(0, 10)).toEqual([]);
    expect([subject.starts, subject.up]).toEqual([1, true]);
    expect(grownBytes).toBeLessThan(growthBytesMax);
    // What a body must be able to do, so that the others are known to have reached what they were meant for.
    for (const status of ["200", "201", "202", "204", "400", "401", "403", "404", "409"])
      expect(statuses.get(status) ?? 0, status).toBeGreaterThan(0);
  } finally {
    await stage.close();
  }
});

type Bodies = {
  chunk: (index: number) => Request[];
  memory: () => Promise<void>;
  grownBytes: () => Promise<number>;
};

async function bodiesOf(stage: Stage, call: Call): Promise<Bodies> {
  const known = await makeThings(stage);
  const document = JSON.parse((await call(get("/v1/openapi.json"))).text) as Document;
  const keys = [
    ...Array.from({ length: 8 }, () => stage.key),
    known.publishable,
    known.scoped,
    "",
    "gflux_secret_live_x",
  ];
  const requests = new Requests(document, known.things).arbitrary({ keys, leaveOut: [] });
  const hooks = webhookRequests(stage);
  const mixed = fc.oneof(
    { weight: 17, arbitrary: requests },
    { weight: 2, arbitrary: hooks },
    { weight: 1, arbitrary: goodRequests(stage) },
  );
  const held: number[] = [];
  const memory = async () => {
    const { text } = await call({
      ...get("/api/metrics"),
      headers: { authorization: `Bearer ${stage.env.CRON_SECRET}` },
    });
    held.push(Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]));
  };
  const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  return {
    chunk: (index) => fc.sample(mixed, { seed: stage.seed + index, numRuns: perChunk }),
    memory,
    grownBytes: async () => {
      const fifth = Math.ceil(held.length / 5);
      return median(held.slice(-fifth)) - median(held.slice(fifth, 2 * fifth));
    },
  };
}

async function postAll(bodies: Bodies, call: Call): Promise<{ wrong: string[]; statuses: Map<string, number> }> {
  const wrong: string[] = [];
  const statuses = new Map<string, number>();
  for (let index = 0; index * perChunk < scale.bodies; index += 1) {
    const waiting = bodies.chunk(index);
    const worker = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const problem = await tryOne(next, call, statuses);
        if (problem !== null) wrong.push(`${problem}: ${JSON.stringify(next).slice(0, 1_500)}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await bodies.memory();
  }
  return { wrong, statuses };
}

const innards =
  /\n\s+at .+:\d+|node_modules|PrismaClient|\b(?:22|23|40|42)[0-9A-Z]{3}\b.*(?:relation|column)|duplicate key|violates/;

/** @returns null, or what is wrong with the answer */
async function tryOne(request: Request, call: Call, statuses: Map<string, number>): Promise<string | null> {
  const answer = await call(request).catch((thrown: Error) => thrown);
  if (answer instanceof Error) return `no answer (${answer.message})`;
  const { status, text, headers } = answer;
  statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
  if (status >= 500) return `${status} ${text.slice(0, 300)}`;
  if (innards.test(text)) return `shows its innards: ${text.slice(0, 300)}`;
  if (status === 204 || status < 400) return null;
  if (headers["x-request-id"] === undefined) return `${status} without X-Request-Id`;
  const body = jsonOf(text);
  const told = typeof body?.error === "string" && typeof body.detail === "string" && body.detail.length > 0;
  return told ? null : `${status} without an error in words: ${text.slice(0, 300)}`;
}

function jsonOf(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Among all that is wrong, what is right: so there is something to be found, changed and deleted by the rest. */
function goodRequests({ workspaceId, connectionId, key }: Stage): fc.Arbitrary<Request> {
  const project = `/v1/projects/${workspaceId}`;
  const email = "linus@example.com";
  const definition = {
    name: "Made on the way",
    trigger: { type: "event", event: "signed_up" },
    steps: [{ id: "a", type: "send_email", email_provider_id: connectionId, subject: "Hello", html: "<p>Hi</p>" }],
  };
  const bodies: [string, string, unknown][] = [
    ["POST", `${project}/suppressions`, { email }],
    ["DELETE", `${project}/suppressions/${encodeURIComponent(email)}`, null],
    ["POST", `${project}/automations`, definition],
    ["POST", "/v1/identify", { external_id: "user_1", traits: { plan: "pro" } }],
    ["POST", "/v1/events", { event: "signed_up", external_id: "user_1" }],
    ["POST", "/v1/identify/alias", { user_id: "user_1", anonymous_id: "a-browser" }],
  ];
  return fc.constantFrom(...bodies).map(([method, path, body]) => ({
    operation: "good",
    method,
    path,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === null ? null : JSON.stringify(body),
  }));
}

const samples = "lib/sandbox/samples";

/** What Postmark could call with, and what it never would. */
function webhookRequests({ workspaceId, connectionId }: Stage): fc.Arbitrary<Request> {
  const bodies = readdirSync(samples)
    .filter((file) => file.startsWith("webhook"))
    .map((file) => JSON.parse(readFileSync(`${samples}/${file}`, "utf8")) as Record<string, unknown>);
  const basic = `Basic ${Buffer.from("gflux:test-webhook-secret").toString("base64")}`;
  return fc
    .record({
      body: fc.oneof({ weight: 9, arbitrary: nearly(bodies) }, { weight: 1, arbitrary: fc.string({ unit: "binary" }) }),
      headers: fc.constantFrom<Record<string, string>>(
        { authorization: basic },
        { authorization: basic },
        { "x-gflux-webhook-secret": "test-webhook-secret" },
        { authorization: "Basic !!!" },
        {},
      ),
      place: fc.constantFrom(
        `${workspaceId}/data_connections/${connectionId}`,
        `${workspaceId}/data_connections/${connectionId}`,
        `${workspaceId}/data_connections/${connectionId}`,
        `${connectionId}/data_connections/${workspaceId}`,
        `x/data_connections/%00`,
      ),
    })
    .map(({ body, headers, place }) => ({
      operation: "webhook",
      method: "POST",
      path: `/api/webhooks/${place}/postmark`,
      headers: { ...headers, "content-type": "application/json" },
      body,
    }));
}

type Call = (request: Request) => Promise<Answer>;
const get = (path: string): Request => ({ operation: "", method: "GET", path, headers: {}, body: null });

/** Plain HTTP: `fetch` would put right what is to be wrong. */
function caller(url: string): Call {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  return ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const beganMs = performance.now();
      const bytes = body === null ? null : Buffer.from(body.toWellFormed());
      const length = bytes === null ? {} : { "content-length": bytes.length };
      const call = httpRequest(
        { agent, hostname, port, method, path, headers: { ...headers, ...length }, timeout: answerWithinMs },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (piece: string) => {
            text += piece;
          });
          answer.on("error", reject);
          answer.on("end", () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, ms: performance.now() - beganMs }),
          );
        },
      );
      call.on("timeout", () => call.destroy(new Error(`no answer within ${answerWithinMs} ms`)));
      call.on("error", reject);
      call.end(bytes);
    });
}

/** Something of every kind, and another workspace with the same. */
async function makeThings({ workspaceId, connectionId, automationId }: Stage) {
  const other = await makeWorkspace(db);
  const theirs = await makeConnection(db, { workspaceId: other.id });
  const theirAutomation = await makeAutomation(db, { workspaceId: other.id, connectionId: theirs.id });
  const profiles = await makeProfiles(db, { workspaceId }, [
    { email: "ada@example.com", externalId: "user_1" },
    { email: "grace@example.com", externalId: "user_2" },
  ]);
  const mine = { connectionId, automationId };
  const sends = await makeSends(db, { workspaceId }, [
    { ...mine, status: "sent" },
    { ...mine, status: "unknown" },
  ]);
  const publishable = `gflux_pub_live_${"p".repeat(32)}`;
  const scoped = `gflux_secret_live_${"s".repeat(32)}`;
  const spare = await makeApiKey(db, { workspaceId, secret: `gflux_secret_live_${"t".repeat(32)}` });
  await makeApiKey(db, { workspaceId, secret: publishable, kind: "publishable" });
  await makeApiKey(db, { workspaceId, secret: scoped, scopes: ["profiles:read"] });
  const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
  return {
    publishable,
    scoped,
    things: {
      of: {
        projects: [workspaceId],
        "email-providers": [connectionId],
        automations: [automationId],
        profiles: ["user_1", "user_2", ...idsOf(profiles)],
        sends: idsOf(sends),
        suppressions: ["ada@example.com"],
        "api-keys": [spare.id],
      },
      others: ["user_1", other.id, theirs.id, theirAutomation.id],
    },
  };
}
