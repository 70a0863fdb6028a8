import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldChanges, nilConnection } from "./changes";
import type { SuppressionChange } from "./schema";

const connectionId = "0197a000-0000-7000-8000-000000000001";
const change = (over: Partial<SuppressionChange> = {}): SuppressionChange => ({
  email: "ana@example.com",
  scope: "workspace",
  connectionId,
  stream: "broadcast",
  active: true,
  reason: "hard_bounce",
  origin: "recipient",
  changedAt: new Date("2026-11-01T10:00:00Z"),
  ...over,
});

describe("what changes come to", () => {
  test("addresses that differ only in case or blanks are one", () => {
    const rows = foldChanges([change({ email: " Ana@Example.COM" }), change()]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.email).toBe("ana@example.com");
  });

  test("the newest change of a key wins, and at the same moment the one that protects the recipient", () => {
    const later = change({ active: false, changedAt: new Date("2026-11-01T11:00:00Z") });
    expect(foldChanges([later, change()])[0]?.active).toBe(false);
    expect(foldChanges([change({ active: false }), change()])[0]?.active).toBe(true);
  });

  test("what a list says belongs to that list, so that another one does not lift it", () => {
    expect(foldChanges([change(), change({ stream: "outbound" })])).toMatchObject([
      { scope: "workspace", connectionId, stream: "broadcast" },
      { scope: "workspace", connectionId, stream: "outbound" },
    ]);
    expect(foldChanges([change({ connectionId: null, stream: null })])[0]).toMatchObject({
      connectionId: nilConnection,
      stream: "*",
    });
  });

  test("what the provider is the origin of stands on its list, other things only where that is said", () => {
    const listed = (over: Partial<SuppressionChange>) => foldChanges([change(over)])[0]?.listed;
    expect([listed({ origin: "provider" }), listed({}), listed({ listed: true })]).toEqual([true, false, true]);
  });

  test("a reactivation lifts whatever the stream had caused, and nothing that was suppressed by hand for the workspace", () => {
    const rows = foldChanges([change({ scope: "stream", active: false, reason: null })]);
    expect(rows.map(({ scope, connectionId: at, reason }) => [scope, at, reason]).sort()).toEqual([
      ["stream", connectionId, "manual"],
      ["stream", connectionId, "unsubscribe"],
      ["workspace", connectionId, "hard_bounce"],
      ["workspace", connectionId, "manual"],
      ["workspace", connectionId, "spam_complaint"],
    ]);
  });

  test("changes without an address are nothing", () => {
    expect(foldChanges([change({ email: "  " })])).toEqual([]);
  });

  test("the order in which changes are given does not matter", () => {
    const some = fc.record({
      email: fc.constantFrom("ana@example.com", "Ben@example.com"),
      scope: fc.constantFrom("workspace" as const, "stream" as const),
      connectionId: fc.constant(connectionId),
      stream: fc.constantFrom("broadcast", "outbound"),
      active: fc.boolean(),
      reason: fc.constantFrom("hard_bounce" as const, "unsubscribe" as const, "manual" as const),
      origin: fc.constantFrom("recipient" as const, "customer" as const),
      changedAt: fc.integer({ min: 0, max: 5 }).map((minute) => new Date(minute * 60_000)),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (changes, keys) => {
        const shuffled = changes.map((item) => [keys.next().value ?? 0, item] as const);
        shuffled.sort(([one], [other]) => one - other);
        expect(foldChanges([...shuffled.map(([, item]) => item), ...changes])).toEqual(foldChanges(changes));
      }),
    );
  });
});
