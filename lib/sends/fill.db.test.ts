import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { systemTenant, type Tenant } from "../actor";
import type { News } from "../connections/schema";
import { db, retryTransient, transaction } from "../db";
import { makeConnection, makeSend, makeWorkspace, nextId } from "../testing/factory";
import { fillBounces, fillNews } from "./fill";
import { takeNews } from "./news";

let workspaceId: string;
let tenant: Tenant;
let connectionId: string;
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  tenant = systemTenant(workspaceId);
  connectionId = (await makeConnection(db, { workspaceId })).id;
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
const news = (over: Partial<News>): News => ({
  kind: "delivered",
  recordType: "Delivery",
  newsKey: nextId(),
  providerMessageId: null,
  sendId: null,
  recipient: "ana@example.com",
  stream: "broadcast",
  occurredAt: at(0),
  suppression: null,
  data: {},
  ...over,
});
const webhook = (...items: News[]) =>
  retryTransient(() => transaction((tx) => takeNews(tx, tenant, connectionId, items)));
const fill = (...items: News[]) => fillNews(tenant, connectionId, items);
const newSend = () =>
  makeSend(db, { workspaceId, connectionId, status: "sent", dueAt: null, providerMessageId: nextId() });
const sendOf = (id: string) => db.prisma.send.findUniqueOrThrow({ where: { workspaceId_id: { workspaceId, id } } });
const eventsOf = async (sendId: string) =>
  (await db.prisma.engagementEvent.findMany({ where: { workspaceId, sendId } })).map(({ kind, data }) => ({
    kind,
    // What stands in this column is an object; the tests look at two of its keys.
    data: data as Record<string, unknown>,
  }));

/** What happens to one message: `first` is what the provider remembers of it when it is asked. */
const happenings: { name: string; first: boolean; news: Partial<News> }[] = [
  { name: "delivered", first: true, news: {} },
  {
    name: "open",
    first: true,
    news: { kind: "opened", data: { first_open: true, client: "Mail" }, occurredAt: at(1) },
  },
  { name: "open again", first: false, news: { kind: "opened", data: { first_open: false }, occurredAt: at(4) } },
  { name: "click a", first: true, news: { kind: "clicked", data: { link: "https://a.example" }, occurredAt: at(2) } },
  { name: "click b", first: true, news: { kind: "clicked", data: { link: "https://b.example" }, occurredAt: at(3) } },
  { name: "unsubscribe", first: true, news: { kind: "subscription", occurredAt: at(5) } },
];
const remembered = happenings.filter(({ first }) => first);
type Step = { by: "webhook"; index: number } | { by: "asking" };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ by: fc.constant("webhook" as const), index: fc.nat({ max: happenings.length - 1 }) }),
    fc.constant({ by: "asking" as const }),
  ),
  { minLength: 1, maxLength: 12 },
);

async function tell(given: Step[], together: boolean) {
  const { id, providerMessageId } = await newSend();
  // A webhook that is repeated says the same under the same key.
  const hooks = happenings.map(({ news: over }) => news({ ...over, providerMessageId }));
  const kept = () =>
    remembered.map(({ news: { data, ...over } }) => news({ ...over, data: keptData(data), providerMessageId }));
  const act = (step: Step) =>
    step.by === "asking" ? fill(...kept()) : webhook(...hooks.slice(step.index, step.index + 1));
  if (together) await Promise.all(given.map(act));
  else for (const step of given) await act(step);
  return id;
}
const keptData = (data: Record<string, unknown> | undefined) => (data?.link ? { link: data.link } : {});

async function expectOnce(id: string, given: Step[]) {
  const hooked = new Set(given.flatMap((step) => (step.by === "webhook" ? [step.index] : [])));
  const asked = given.some(({ by }) => by === "asking");
  const known = happenings.filter(({ first }, index) => hooked.has(index) || (asked && first));
  const count = (word: string) => known.filter(({ name }) => name.startsWith(word)).length;
  const send = await sendOf(id);
  expect({ opens: send.opens, clicks: send.clicks }).toEqual({ opens: count("open"), clicks: count("click") });
  expect(send.status).toBe(count("delivered") > 0 ? "delivered" : "sent");
  const events = await eventsOf(id);
  expect(events.map(({ kind }) => kind).sort()).toEqual(
    known.map(({ news: { kind = "delivered" } }) => (kind === "subscription" ? "unsubscribed" : kind)).sort(),
  );
  const filled = events.filter(({ data }) => data.looked_up === true).length;
  expect(filled).toBe(asked ? remembered.filter((one) => !hooked.has(happenings.indexOf(one))).length : 0);
}

describe("what is asked for and what webhooks tell", () => {
  test("come to the same in every order, each repeated at will", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => expectOnce(await tell(given, false), given)),
      { numRuns: 25 },
    );
  });

  test("come to the same when they meet, two askings at once among them", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => expectOnce(await tell(given, true), given)),
      { numRuns: 15 },
    );
  });

  test("count opens that do not say which they are once each, whether one was filled in before, between or after", async () => {
    const counts = [];
    for (const place of [0, 1, 2]) {
      const { id, providerMessageId } = await newSend();
      const open = (minute: number) => news({ kind: "opened", providerMessageId, occurredAt: at(minute) });
      const acts = [() => webhook(open(1)), () => webhook(open(2))] as (() => Promise<unknown>)[];
      acts.splice(place, 0, () => fill(open(1)));
      for (const act of acts) await act();
      counts.push((await sendOf(id)).opens, (await eventsOf(id)).length);
    }
    expect(counts).toEqual([2, 2, 2, 2, 2, 2]);
  });

  test("keep the webhook's words, which are more", async () => {
    const { id, providerMessageId } = await newSend();
    await fill(news({ kind: "opened", providerMessageId }));
    await webhook(news({ kind: "opened", providerMessageId, data: { client: "Mail", first_open: true } }));
    expect(await eventsOf(id)).toEqual([
      { kind: "opened", data: { client: "Mail", first_open: true, recipient: "ana@example.com" } },
    ]);
  });
});

test.each(["asked first", "webhook first"])("a delivery is counted once for its connection, %s", async (order) => {
  const connection = await makeConnection(db, { workspaceId });
  const { providerMessageId } = await makeSend(db, {
    workspaceId,
    connectionId: connection.id,
    status: "sent",
    dueAt: null,
    providerMessageId: nextId(),
  });
  const told = news({ providerMessageId });
  const ways = [
    () => fillNews(tenant, connection.id, [told]),
    () => transaction((tx) => takeNews(tx, tenant, connection.id, [told])),
  ];
  for (const way of order === "asked first" ? ways : ways.reverse()) await way();
  const { _sum } = await db.prisma.connectionHour.aggregate({
    where: { workspaceId, connectionId: connection.id },
    _sum: { delivered: true },
  });
  expect(_sum.delivered).toBe(1);
});

test("a bounce is one bounce, by whichever way it comes first, and suppresses the address", async () => {
  const { id, providerMessageId } = await newSend();
  const bounce = news({
    kind: "bounced",
    recordType: "Bounce",
    newsKey: '["Bounce","4323372036854775807"]',
    providerMessageId,
    recipient: "gone@example.com",
    suppression: { active: true, reason: "hard_bounce", origin: "recipient", scope: "workspace" },
  });
  expect(await fillBounces(tenant, connectionId, [bounce])).toBe(1);
  expect(await fillBounces(tenant, connectionId, [bounce])).toBe(0);
  await webhook(bounce);
  expect(await sendOf(id)).toMatchObject({ status: "bounced" });
  expect((await eventsOf(id)).map(({ kind }) => kind)).toEqual(["bounced"]);
  expect(await db.prisma.suppression.count({ where: { workspaceId, email: "gone@example.com" } })).toBe(1);
});

test("nothing of another connection, another workspace, or another sender of the stream is touched or kept", async () => {
  const other = await makeConnection(db, { workspaceId });
  const foreign = await makeWorkspace(db);
  const beside = await makeSend(db, {
    workspaceId,
    connectionId: other.id,
    status: "sent",
    dueAt: null,
    providerMessageId: nextId(),
  });
  const away = await makeSend(db, {
    workspaceId: foreign.id,
    status: "sent",
    dueAt: null,
    providerMessageId: nextId(),
  });
  const items = [beside, away, { providerMessageId: nextId() }].map(({ providerMessageId }) =>
    news({ providerMessageId }),
  );
  expect(await fill(...items)).toBe(0);
  const rows = await db.prisma.send.findMany({ where: { id: { in: [beside.id, away.id] } } });
  expect(rows.map(({ status }) => status)).toEqual(["sent", "sent"]);
  expect(await db.prisma.pendingNews.count({ where: { workspaceId } })).toBe(0);
});
