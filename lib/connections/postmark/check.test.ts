import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox, type World } from "../../sandbox";
import { Gate, postmarkConnector } from "./index";

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3 });
});
afterAll(() => sandbox.close());

const newWorld = () => sandbox.world(`check-${++count}`);
const check = (world: World, token = world.serverToken, baseUrl = world.apiUrl) =>
  postmarkConnector({ token, baseUrl, sendTimeoutMs: 1000, gate: new Gate(8) }).check();

test("a good token opens its server, whose streams are told by type and unsubscribe handling", async () => {
  const world = newWorld();
  world.addStream({ id: "notices", name: "Notices", type: "Broadcasts", unsubscribe: "Custom" });
  expect(await check(world)).toEqual({
    kind: "ready",
    server: { id: String(world.server.id), name: world.server.name, sandbox: false },
    streams: expect.arrayContaining([
      expect.objectContaining({ id: "outbound", type: "transactional", unsubscribeHandling: "none", archived: false }),
      expect.objectContaining({ id: "inbound", type: "other" }),
      expect.objectContaining({ id: "broadcast", type: "broadcast", unsubscribeHandling: "provider" }),
      expect.objectContaining({ id: "notices", name: "Notices", type: "broadcast", unsubscribeHandling: "custom" }),
    ]),
    statsAvailable: true,
  });
});

test("the server's own tokens, which its answer holds, are not kept", async () => {
  const world = newWorld();
  const other = world.addServerToken();
  const told = JSON.stringify(await check(world));
  expect(told).not.toContain(world.serverToken);
  expect(told).not.toContain(other);
});

test("a refused token is told from an account token pasted by mistake", async () => {
  const world = newWorld();
  expect(await check(world, "nobody's-token")).toMatchObject({ kind: "bad_credentials", accountToken: false });
  expect(await check(world, world.accountToken)).toMatchObject({ kind: "bad_credentials", accountToken: true });
});

test("a plan without statistics leaves the token good", async () => {
  const world = newWorld();
  world.settings({ noStats: true });
  expect(await check(world)).toMatchObject({ kind: "ready", statsAvailable: false });
});

test("statistics that break for another reason do not make the token bad", async () => {
  const world = newWorld();
  const fault = world.addFault({ action: "status", preset: "502-html", path: "/stats/*" });
  expect(await check(world)).toMatchObject({ kind: "ready", statsAvailable: false });
  expect(fault.fired()).toBe(1);
});

test.each([
  ["an outage", { action: "status", preset: "503-100" }, { kind: "unreachable" }],
  ["an edge's HTML", { action: "status", preset: "502-html" }, { kind: "unreachable" }],
  ["a reset", { action: "resetBeforeAccept" }, { kind: "unreachable" }],
  ["half an answer", { action: "truncatedBody" }, { kind: "failed" }],
  ["a limit of requests", { action: "status", preset: "429" }, { kind: "failed", code: 429 }],
  ["a redirect", { action: "redirect", status: 302, location: "/elsewhere" }, { kind: "failed" }],
] as const)("%s is told as such", async (_case, rule, outcome) => {
  const world = newWorld();
  const fault = world.addFault({ ...rule, path: "/server" });
  expect(await check(world)).toMatchObject(outcome);
  expect(fault.fired()).toBe(1);
});

test("an address where nobody listens is unreachable", async () => {
  expect(await check(newWorld(), "token", "http://127.0.0.1:9")).toMatchObject({ kind: "unreachable" });
});

test("it takes five seconds at most, however slow the other side", async () => {
  const world = newWorld();
  world.addFault({ action: "latency", ms: 60_000 });
  const startedAtMs = performance.now();
  expect(await check(world)).toMatchObject({ kind: "unreachable", message: "no complete answer in time" });
  expect(performance.now() - startedAtMs).toBeLessThan(6500);
});

test("statistics are asked for well under a year", async () => {
  const world = newWorld();
  await check(world);
  const asked = world.requests().find(({ path }) => path.includes("/stats/outbound"));
  const fromDate = /fromDate=(\d{4}-\d\d-\d\d)/i.exec(JSON.stringify(asked))?.[1] ?? "";
  expect(Date.now() - Date.parse(fromDate)).toBeLessThan(60 * 86_400_000);
});
