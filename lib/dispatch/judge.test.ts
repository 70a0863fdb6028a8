import fc from "fast-check";
import { expect, test } from "vitest";
import { attemptsMax } from "./backoff";
import { judge, type Look, type OpenAttempt, type Unsettled } from "./judge";

const at = new Date("2026-11-21T12:00:00Z");
const circumstances = { at, providerTimeoutMs: 30_000, searchLagMs: 60_000, chance: 0.5 };
const ago = (ms: number) => new Date(at.getTime() - ms);

const attempt = (over: Partial<OpenAttempt> = {}): OpenAttempt => ({
  number: 1,
  batchId: "b1",
  serverId: "1",
  stream: "broadcast",
  startedAt: ago(615_000),
  sendBy: ago(600_000),
  absentSeen: 0,
  checkedAt: null,
  ...over,
});
const unsettled = (over: Partial<Unsettled> = {}): Unsettled => ({
  id: "s",
  kind: "automation",
  status: "unknown",
  tries: 0,
  fromEmail: null,
  unknownSince: ago(600_000),
  open: [attempt()],
  ...over,
});
const shown = (over: Partial<Extract<Look, { kind: "shown" }>> = {}): Look => ({
  kind: "shown",
  messageIds: new Map(),
  sees: true,
  ...over,
});
const looks = (look: Look, batch = "b1") => new Map([[batch, look]]);

test("what the search shows was sent, and says when at the earliest", () => {
  const { settlement, attempt: record } = judge(
    unsettled(),
    looks(shown({ messageIds: new Map([["s", "m"]]), sees: false })),
    circumstances,
  );
  expect(settlement).toMatchObject({ fact: "accepted", status: "sent", providerMessageId: "m", sentAt: ago(615_000) });
  expect(record).toMatchObject({ number: 1, outcome: "accepted" });
});

test("not shown once by a search that sees is noted, twice is proof", () => {
  const first = judge(unsettled(), looks(shown()), circumstances);
  expect(first.settlement.status).toBe("unknown");
  expect(first.attempts).toEqual([{ sendId: "s", number: 1, outcome: null, seen: 1 }]);
  const second = judge(
    unsettled({ open: [attempt({ absentSeen: 1, checkedAt: ago(6_000) })] }),
    looks(shown()),
    circumstances,
  );
  expect(second.settlement).toMatchObject({ status: "queued", fact: null, dueAt: at });
  expect(second.attempts).toEqual([{ sendId: "s", number: 1, outcome: "absent", seen: 1 }]);
});

test("two looks in one breath are one", () => {
  const { settlement } = judge(
    unsettled({ open: [attempt({ absentSeen: 1, checkedAt: ago(100) })] }),
    looks(shown()),
    circumstances,
  );
  expect(settlement.status).toBe("unknown");
});

test.each<[string, Look, Partial<OpenAttempt>]>([
  ["a blind search", shown({ sees: false }), { absentSeen: 1, checkedAt: ago(60_000) }],
  ["a search before its lag is over", shown(), { sendBy: ago(89_000), absentSeen: 1, checkedAt: ago(60_000) }],
  ["a search that cannot be asked", { kind: "cannot_know", cause: "x" }, { absentSeen: 1 }],
  ["a search that was not asked", { kind: "not_asked" }, { absentSeen: 1 }],
])("%s proves nothing", (_, look, over) => {
  const { settlement, attempts } = judge(unsettled({ open: [attempt(over)] }), looks(look), circumstances);
  expect(settlement.status).toBe("unknown");
  expect(attempts.every(({ outcome }) => outcome === null)).toBe(true);
  expect(settlement.dueAt?.getTime()).toBeGreaterThan(at.getTime());
});

test("every attempt that may have carried it must surely not have, before it is sent again", () => {
  const open = [attempt({ absentSeen: 1 }), attempt({ number: 2, batchId: "b2" })];
  const known = new Map<string, Look>([
    ["b1", shown()],
    ["b2", { kind: "cannot_know", cause: "another server" }],
  ]);
  expect(judge(unsettled({ open }), known, circumstances).settlement).toMatchObject({
    status: "unknown",
    reason: "cannot_know",
  });
});

test("a send all of whose calls surely carried nothing needs no search", () => {
  expect(judge(unsettled({ open: [], tries: 1 }), new Map(), circumstances).settlement.status).toBe("queued");
});

test("the end comes after so many tries; a test message is never sent again", () => {
  const proven = { open: [attempt({ absentSeen: 1 })] };
  expect(
    judge(unsettled({ ...proven, tries: attemptsMax - 1 }), looks(shown()), circumstances).settlement,
  ).toMatchObject({ status: "failed", reason: "attempts_exhausted" });
  expect(judge(unsettled({ ...proven, kind: "test" }), looks(shown()), circumstances).settlement).toMatchObject({
    status: "failed",
    reason: "not_sent",
  });
});

test("the next look comes when it can first prove something, or as the age of the matter suggests", () => {
  const young = unsettled({ unknownSince: ago(1_000), open: [attempt({ sendBy: new Date(at.getTime() + 10_000) })] });
  expect(judge(young, looks(shown({ sees: false })), circumstances).settlement.dueAt).toEqual(
    new Date(at.getTime() + 5_000),
  );
  const middle = unsettled({ unknownSince: ago(240_000), open: [attempt({ sendBy: ago(60_000) })] });
  expect(judge(middle, looks(shown({ sees: false })), circumstances).settlement.dueAt).toEqual(
    new Date(at.getTime() + 30_001),
  );
});

const anyLook: fc.Arbitrary<Look> = fc.oneof(
  fc.record({
    kind: fc.constant("shown" as const),
    messageIds: fc.constantFrom(new Map(), new Map([["s", "m"]]), new Map([["other", "m"]])),
    sees: fc.boolean(),
  }),
  fc.constant({ kind: "cannot_know" as const, cause: "x" }),
  fc.constant({ kind: "not_asked" as const }),
);
const anyAttempt = fc.record({
  number: fc.integer({ min: 1, max: 5 }),
  batchId: fc.constantFrom("b1", "b2", "b3"),
  serverId: fc.constant("1"),
  stream: fc.constant("broadcast"),
  startedAt: fc.constant(ago(700_000)),
  sendBy: fc.integer({ min: -20_000, max: 700_000 }).map(ago),
  absentSeen: fc.nat(3),
  checkedAt: fc.option(fc.integer({ min: 0, max: 100_000 }).map(ago)),
});

test("half way to a proof the next look is soon, also when this one came too early to count", () => {
  const sees: Look = { kind: "shown", messageIds: new Map(), sees: true };
  const old = unsettled({ open: [attempt()], unknownSince: ago(600_000) });
  const first = judge(old, new Map([["b1", sees]]), circumstances);
  expect(first.attempts[0]?.seen).toBe(1);
  const dueMs = first.settlement.dueAt?.getTime() ?? 0;
  expect(dueMs - at.getTime()).toBeLessThanOrEqual(10_000);
  // The second look is claimed when it is due; the first was saved a little after its claim.
  const saved = new Date(at.getTime() + 2_000);
  const again = unsettled({ open: [attempt({ absentSeen: 1, checkedAt: saved })], unknownSince: ago(600_000) });
  expect(judge(again, new Map([["b1", sees]]), { ...circumstances, at: new Date(dueMs) }).settlement.status).toBe(
    "queued",
  );
  const early = judge(again, new Map([["b1", sees]]), { ...circumstances, at: new Date(saved.getTime() + 1_000) });
  expect(early.settlement.status).toBe("unknown");
  expect((early.settlement.dueAt?.getTime() ?? 0) - saved.getTime()).toBeLessThanOrEqual(11_000);
});

test("nothing is ever queued again while a single attempt has not been proven to have carried nothing", () => {
  fc.assert(
    fc.property(
      fc.array(anyAttempt, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("b1", "b2", "b3"), anyLook),
      fc.constantFrom("sending", "unknown"),
      (open, said, status) => {
        const known = new Map(Object.entries(said));
        const { settlement } = judge(unsettled({ open, status }), known, circumstances);
        if (settlement.status !== "queued" && settlement.status !== "failed") return;
        for (const one of open) {
          const look = known.get(one.batchId);
          expect(look?.kind === "shown" && look.sees && !look.messageIds.has("s")).toBe(true);
          expect(one.sendBy.getTime() + 90_000).toBeLessThan(at.getTime());
          expect(one.absentSeen).toBeGreaterThanOrEqual(1);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
