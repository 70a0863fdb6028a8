import { expect, test } from "vitest";
import type { Diagnosis } from "../web/diagnosis";
import { doctorJson, doctorText, needsOf } from "./doctor";

type Work = NonNullable<Diagnosis["work"]>;
const none = { calls: 0, seconds_sum: 0, seconds_max: 0 };
const held = {
  late: 0,
  paused: 0,
  sending_stopped: 0,
  connection_failing: 0,
  connection_disabled: 0,
  stream_refused: 0,
  account_refused: 0,
};

const work = (over: Partial<Work> = {}, figures: Partial<Work["figures"]> = {}): Work => ({
  heartbeats: [{ process: "box 17", kind: "worker", ageSeconds: 3.2 }],
  oldestDueSeconds: null,
  failing: [],
  deciding: [],
  figures: {
    queue: { runs_due: 0, sends_due: 1, queued: 4, sending: 0 },
    unknown: { total: 0, cannot_know: 0, oldest_seconds: null },
    held,
    to_decide: 0,
    failing_connections: 0,
    recent: {
      minutes: 15,
      attempts: {},
      latency: { send: none, find: none, list: none, history: none },
      calls: [],
      errors: [],
    },
    ...figures,
  },
  ...over,
});
const diagnosis = (over: Partial<Diagnosis> = {}): Diagnosis => ({
  database: { reachable: true, roundTripMs: 0.4, clockAheadMs: -3.4 },
  missingMigrations: [],
  work: work(),
  ...over,
});

test("a healthy installation is told in words, and nobody is needed", () => {
  expect(needsOf(diagnosis())).toEqual([]);
  expect(doctorText(diagnosis())).toBe(
    [
      "database: reachable in 1 ms; this clock is 3 ms behind the database's",
      "migrations: all applied",
      "dispatchers: 1 alive (worker box 17, 3 s ago)",
      "due now: 0 runs, 1 email; the oldest for 0 s",
      "emails: 4 queued, 0 being handed over",
      "unknown: 0, of which 0 cannot be looked up",
      "held: none",
      "attempts in 15 minutes: none",
      "provider: no send calls; no search calls",
      "errors in 15 minutes: none",
      "",
      "All is well.",
      "",
    ].join("\n"),
  );
});

test("figures are spelled out", () => {
  const recent = {
    minutes: 15,
    attempts: { accepted: 20, sender_refused: 1 },
    latency: { send: { calls: 4, seconds_sum: 2, seconds_max: 1.25 }, find: none, list: none, history: none },
    calls: [],
    errors: [
      { call: "send" as const, outcome: "sender_refused", code: 400, count: 1 },
      { call: "find" as const, outcome: "cannot_know", code: 0, count: 2 },
    ],
  };
  const text = doctorText(
    diagnosis({
      work: work(
        {},
        {
          held: { ...held, paused: 3, late: 1 },
          recent,
          unknown: { total: 2, cannot_know: 1, oldest_seconds: 9_000 },
        },
      ),
    }),
  );
  expect(text).toContain("unknown: 2, of which 1 cannot be looked up; the oldest for 3 hours");
  expect(text).toContain("held: 1 late, 3 paused");
  expect(text).toContain("attempts in 15 minutes: 20 accepted, 1 sender refused");
  expect(text).toContain("provider: 4 send calls, 0.50 s on average, 1.25 s at most; no search calls");
  expect(text).toContain("errors in 15 minutes: 1 sender refused (send, code 400), 2 cannot know (find)");
});

test.each<[string, Partial<Diagnosis>, RegExp]>([
  ["no database", { database: { reachable: false, why: "ECONNREFUSED" }, work: null }, /ECONNREFUSED.*DATABASE_URL/],
  ["a database that is behind", { missingMigrations: ["1_init"], work: null }, /lacks 1_init.*npm run db:migrate/],
  ["a clock that is off", { database: { reachable: true, roundTripMs: 1, clockAheadMs: 120_000 } }, /2 minutes apart/],
  ["no dispatcher", { work: work({ heartbeats: [{ process: "p", kind: "cron", ageSeconds: 500 }] }) }, /No dispatcher/],
  ["work that nobody does", { work: work({ oldestDueSeconds: 900 }) }, /waited for 15 minutes/],
  [
    "a failing connection",
    { work: work({ failing: [{ workspace: "acme", name: "Main", detail: "Token refused." }] }) },
    /“Main” of acme is failing: Token refused\./,
  ],
  [
    "emails that wait for a decision",
    { work: work({ deciding: [{ workspace: "acme", name: "Acme", detail: null }] }, { to_decide: 3 }) },
    /^3 emails wait for a decision, in the send log of acme\.$/,
  ],
])("a person is needed for %s, and reads what to do", (_what, over, sentence) => {
  const needs = needsOf(diagnosis(over));
  expect(needs).toHaveLength(1);
  expect(needs[0]).toMatch(sentence);
  expect(doctorJson(diagnosis(over))).toMatchObject({ ok: false, needs });
  expect(doctorText(diagnosis(over))).toContain(`Needs a person:\n- ${needs[0]}`);
});
