import fc from "fast-check";
import { weekdays } from "@/lib/automations/schema";

/** Definitions of every shape that the schema accepts, small enough to be many. */
const text = fc.string({ minLength: 1, maxLength: 8 });
const scalar = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
  fc.boolean(),
);
const duration = fc.constantFrom("PT30M", "PT4H", "P1D", "P2W", "P1DT12H", "P007D", "PT0S");
const time = fc.constantFrom("2026-11-21", "2026-11-21T09:00:00Z", "2026-11-21T09:00:00+02:00");
const field = fc.constantFrom("profile.plan", "profile.address.city", "event.amount", "profile.created_at");

const comparing = (ops: string[], value: fc.Arbitrary<unknown>) =>
  fc.record({ field, op: fc.constantFrom(...ops), value });
const comparison = fc.oneof(
  comparing(["eq", "neq", "contains", "not_contains"], scalar),
  comparing(["gt", "gte", "lt", "lte"], fc.integer()),
  comparing(["starts_with", "ends_with"], text),
  fc.record({ field, op: fc.constantFrom("exists", "not_exists") }),
  comparing(["exists", "not_exists"], fc.constant(null)),
  comparing(["in", "not_in"], fc.array(scalar, { minLength: 1, maxLength: 3 })),
  comparing(["before", "after"], time),
  comparing(["within_last", "more_than_ago"], duration),
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const event = fc.constantFrom("signed_up", "a", "order_2");
const ruleOf = (leaf: fc.Arbitrary<unknown>) =>
  fc.letrec<{ rule: unknown }>((tie) => ({
    rule: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      leaf,
      fc.record({ all: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie("rule") }),
    ),
  })).rule;
const performed = fc.record({
  performed: event,
  where: orNull(ruleOf(comparison)),
  count: fc.record({
    op: fc.constantFrom("gte", "gt", "lte", "lt", "eq", "neq"),
    value: fc.integer({ min: 0, max: 10_000 }),
  }),
  within: orNull(duration),
});
const rule = ruleOf(fc.oneof({ arbitrary: comparison, weight: 4 }, { arbitrary: performed, weight: 1 }));

const line = fc.constantFrom("Hello", "Hello {{ profile.first_name | default: 'there' }}", " x ");
const address = orNull(fc.constantFrom("hello@example.com", "ada+1@example.org"));
const send = fc.record({
  type: fc.constant("send_email"),
  email_provider_id: orNull(fc.uuid()),
  subject: line,
  html: fc.constantFrom("<p>Hello</p>", "<p>{{ event.amount }}</p>"),
  text: orNull(fc.constantFrom("", "Hello")),
  from_email: address,
  from_name: orNull(fc.constantFrom("", "Acme")),
  reply_to_email: address,
  message_stream: orNull(fc.constantFrom("broadcast", "lifecycle")),
});
const until = fc.record({
  time: fc.constantFrom("00:00", "09:00", "23:59"),
  weekdays: orNull(fc.shuffledSubarray([...weekdays], { minLength: 1 })),
  timezone: fc.constantFrom("profile", "UTC", "Europe/Berlin"),
});
const delay = fc.oneof(
  fc.record({ type: fc.constant("delay"), for: duration, until: orNull(until) }),
  fc.record({ type: fc.constant("delay"), for: fc.constant(null), until }),
);
const traits = fc.dictionary(
  fc.oneof(fc.constantFrom("plan", "seats", "7", "a.b", "first name"), fc.string({ minLength: 1, maxLength: 8 })),
  fc.oneof(scalar, fc.constantFrom("", "true", "12", "null"), fc.constantFrom(null, [1, "a"], { a: { b: null } }, [])),
  { minKeys: 1, maxKeys: 4 },
);
const update = fc.record({
  type: fc.constant("update_profile"),
  set: fc.oneof(traits, fc.constantFrom({ email: "ada@example.com" }, { email: null, plan: true })),
});
const { steps } = fc.letrec<{ steps: object[] }>((tie) => ({
  steps: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.constant<object[]>([]),
    fc.array(
      fc.oneof(
        send,
        delay,
        update,
        fc.record({ type: fc.constant("exit") }),
        fc.record({
          type: fc.constant("branch"),
          branches: fc.array(fc.record({ when: rule, steps: tie("steps") }), { minLength: 1, maxLength: 2 }),
          else: tie("steps"),
        }),
        fc.record({
          type: fc.constant("wait_for"),
          event,
          where: orNull(rule),
          timeout: duration,
          then: tie("steps"),
          else: tie("steps"),
        }),
        fc.record({
          type: fc.constant("split"),
          variants: fc.uniqueArray(
            fc.record({
              id: fc.constantFrom("a", "b", "long-name_2"),
              weight: fc.integer({ min: 1, max: 1_000 }),
              steps: tie("steps"),
            }),
            { minLength: 2, maxLength: 3, selector: ({ id }) => id },
          ),
        }),
      ),
      { maxLength: 3 },
    ),
  ),
}));

export const definitions: fc.Arbitrary<unknown> = fc.record(
  {
    trigger: fc.record({
      type: fc.constant("event"),
      event,
      where: orNull(rule),
      source: fc.constantFrom("any", "server"),
    }),
    audience: orNull(rule),
    reentry: fc.oneof(fc.constantFrom("once", "every_time"), fc.record({ once_every: duration })),
    exit_when: orNull(fc.array(fc.record({ event, where: orNull(rule) }), { maxLength: 3 })),
    on_unsubscribe: fc.constantFrom("skip", "exit"),
    goal: fc.constant(null),
    steps: steps.map(withIds),
  },
  { noNullPrototype: true, requiredKeys: ["trigger", "audience", "reentry", "exit_when", "goal", "steps"] },
);

type Step = { [list: string]: unknown };

/** Gives each step an id of its own. */
function withIds(given: object[]): object[] {
  let last = 0;
  const name = (list: unknown): Step[] => (list as Step[]).map(named); // as the arbitrary above builds them
  const inside = (ways: unknown) => (ways as Step[]).map((way) => ({ ...way, steps: name(way.steps) }));
  const named = (step: Step): Step => {
    last += 1;
    return {
      ...step,
      id: last % 3 === 0 ? `email-${last}` : `Step_${last}`,
      ...(step.branches !== undefined && { branches: inside(step.branches) }),
      ...(step.variants !== undefined && { variants: inside(step.variants) }),
      ...(step.then !== undefined && { then: name(step.then) }),
      ...(step.else !== undefined && { else: name(step.else) }),
    };
  };
  return name(given);
}
