import { expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { makeConnection, makeWorkspace } from "../testing/factory";
import { callFacts } from "./calls";
import { callStatistics, forgetOldCalls, recordCall } from "./store-calls";

async function scene() {
  const { id } = await makeWorkspace(db);
  const connection = await makeConnection(db, { workspaceId: id });
  return { tenant: systemTenant(id), connectionId: connection.id };
}

const accepted = { kind: "accepted", messageId: "m", note: null } as const;
const inactive = { kind: "inactive", code: 406, message: "Inactive." } as const;

test("calls are counted by what they came to, with their messages and how long they took", async () => {
  const { tenant, connectionId } = await scene();
  const answered = callFacts({ kind: "answered", outcomes: [accepted, inactive, accepted] }, 3);
  await Promise.all([40, 60.4, 20].map((ms) => recordCall(db, tenant, { connectionId, ms, ...answered })));
  const refused = { kind: "call_refused", about: "credentials", code: 10, message: "No." } as const;
  await recordCall(db, tenant, { connectionId, ms: 5, ...callFacts(refused, 200) });
  await recordCall(db, tenant, { connectionId, ms: 7, ...callFacts({ kind: "found", messages: [] }, 0) });
  await recordCall(db, tenant, { connectionId, call: "send", outcome: "unknown", code: null, messages: 2, ms: 30_000 });
  const lines = await callStatistics(db, { minutes: 15 });
  const line = (outcome: string) => lines.find((one) => one.outcome === outcome);
  expect(line("answered")).toEqual({
    call: "send",
    outcome: "answered",
    code: 0,
    calls: 3,
    messages: 9,
    msTotal: 120,
    msMax: 60,
  });
  expect(line("accepted")).toMatchObject({ calls: 0, messages: 6, msTotal: 0 });
  expect(line("inactive")).toMatchObject({ code: 406, messages: 3 });
  expect(line("call_refused")).toMatchObject({ code: 10, calls: 1, messages: 200 });
  expect(line("found")).toMatchObject({ call: "find", calls: 1, messages: 0, msTotal: 7 });
  expect(line("unknown")).toMatchObject({ call: "send", messages: 2, msMax: 30_000 });
  expect(await callStatistics(db, { minutes: 15, linesMax: 2 })).toHaveLength(2);
});

test("what cannot be counted harms nobody", async () => {
  const { tenant } = await scene();
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const broken = { ...db, sql: () => Promise.reject(new Error("away")) };
  await expect(
    recordCall(broken, tenant, {
      connectionId: newId(),
      call: "send",
      outcome: "answered",
      code: null,
      messages: 1,
      ms: 1,
    }),
  ).resolves.toBeUndefined();
  expect(told).toHaveBeenCalledWith(expect.stringContaining("a call to a provider was not counted"));
  told.mockRestore();
});

test("lines of more than 30 days ago are forgotten, a bounded number at a time", async () => {
  const { tenant, connectionId } = await scene();
  await db.sql(
    `insert into provider_calls select $1, $2, now() - make_interval(days => d), 'send', 'answered', 0, 1, 1, 1, 1
     from unnest(array[10, 29, 31, 40, 50]) d`,
    [tenant.workspaceId, connectionId],
  );
  expect(await forgetOldCalls(db, 2)).toBe(2);
  expect(await forgetOldCalls(db, 2)).toBe(1);
  const rows = await db.sql("select 1 from provider_calls where workspace_id = $1", [tenant.workspaceId]);
  expect(rows).toHaveLength(2);
});
