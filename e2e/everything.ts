/** One automation with all that a definition can say. */
import { emailStep } from "./api";

/** Every operator once, in groups within groups. */
export const everyOperator = {
  all: [
    {
      any: [
        { field: "profile.plan", op: "eq", value: "team" },
        { field: "profile.seats", op: "eq", value: 5 },
        { field: "profile.trial", op: "neq", value: true },
      ],
    },
    {
      not: {
        all: [
          { field: "profile.score", op: "gt", value: 1.5 },
          { field: "profile.score", op: "gte", value: 2 },
          { field: "profile.score", op: "lt", value: -3 },
          { field: "profile.score", op: "lte", value: 0 },
        ],
      },
    },
    { field: "profile.tags", op: "contains", value: "beta" },
    { field: "profile.tags", op: "not_contains", value: "staff" },
    { field: "profile.first_name", op: "starts_with", value: "A" },
    { not: { field: "profile.email", op: "ends_with", value: "@example.com" } },
    {
      any: [
        { field: "profile.phone", op: "exists" },
        { field: "profile.company", op: "not_exists" },
        {
          all: [
            { field: "profile.country", op: "in", value: ["de", "at", 3, false] },
            { field: "profile.country", op: "not_in", value: ["us"] },
            {
              performed: "order_placed",
              where: { not: { field: "event.amount", op: "lt", value: 10 } },
              count: { op: "neq", value: 3 },
              within: "P30D",
            },
          ],
        },
      ],
    },
    { field: "profile.created_at", op: "before", value: "2027-01-01" },
    { field: "profile.trial_ends_at", op: "after", value: "2026-01-01T09:00:00Z" },
    { field: "profile.seen_at", op: "within_last", value: "P30D" },
    { field: "profile.paid_at", op: "more_than_ago", value: "P1DT12H" },
  ],
};

const paidALot = {
  performed: "order_paid",
  where: null,
  count: { op: "gte", value: 2 },
  within: null,
};

type Comparison = { field: string; op: string };
/** All conditions in a rule, in order. */
export function comparisons(rule: object): Comparison[] {
  if ("field" in rule) return [rule as Comparison];
  if ("performed" in rule) return comparisons((rule as unknown as { where: object | null }).where ?? {});
  return Object.values(rule).flat().flatMap(comparisons);
}

/** A definition with every kind of step, each field said. */
export function everything(connection: { id: string }) {
  const email = (id: string, over: object = {}) => ({
    ...emailStep(connection, `${id}, {{ profile.first_name | default: 'there' }}`),
    id,
    text: null,
    template_id: null,
    from_email: null,
    from_name: null,
    reply_to_email: null,
    message_stream: null,
    ...over,
  });
  const sender = { from_email: "ada@example.com", from_name: "Ada", reply_to_email: "reply@example.com" };
  return {
    name: "Everything at once",
    trigger: {
      type: "event",
      event: "checkout_started",
      where: {
        all: [{ field: "event.amount", op: "gte", value: 10 }, { not: { field: "event.test", op: "eq", value: true } }],
      },
      source: "server",
    },
    audience: everyOperator,
    reentry: { once_every: "P30D" },
    exit_when: [
      { event: "account_deleted", where: null },
      { event: "refunded", where: { any: [{ field: "event.amount", op: "gte", value: 10 }, paidALot] } },
    ],
    goal: null,
    steps: [
      email("first", { ...sender, text: "Hello {{ profile.first_name }}", message_stream: "broadcast" }),
      { id: "for-a-while", type: "delay", for: "PT4H", until: null },
      {
        id: "next-morning",
        type: "delay",
        for: "P1DT12H",
        until: { time: "09:30", weekdays: ["mon", "wed", "sun"], timezone: "profile" },
      },
      { id: "at-noon", type: "delay", for: null, until: { time: "12:00", weekdays: null, timezone: "Europe/Berlin" } },
      {
        id: "by-plan",
        type: "branch",
        branches: [
          {
            when: { field: "profile.plan", op: "eq", value: "team" },
            steps: [
              {
                id: "inner",
                type: "branch",
                branches: [{ when: { field: "event.amount", op: "gt", value: 100 }, steps: [email("large")] }],
                else: [{ id: "leave", type: "exit" }],
              },
            ],
          },
          { when: { any: [{ field: "profile.plan", op: "not_exists" }] }, steps: [] },
          { when: paidALot, steps: [] },
        ],
        else: [email("otherwise")],
      },
      {
        id: "paid",
        type: "wait_for",
        event: "order_paid",
        where: { field: "event.amount", op: "gt", value: 0 },
        timeout: "P1DT12H",
        then: [email("thanks")],
        else: [
          { id: "once-more", type: "wait_for", event: "order_paid", where: null, timeout: "PT4H", then: [], else: [] },
        ],
      },
      {
        id: "ab",
        type: "split",
        variants: [
          { id: "a", weight: 70, steps: [email("variant-a")] },
          { id: "b", weight: 20, steps: [] },
          { id: "Nothing_at-all", weight: 10, steps: [{ id: "gone", type: "exit" }] },
        ],
      },
      {
        id: "tag",
        type: "update_profile",
        set: { onboarded: true, seats: 3, plan: "12", trial: null, email: "ada@example.com", tags: ["a", 1] },
      },
      { id: "end", type: "exit" },
    ],
  };
}
