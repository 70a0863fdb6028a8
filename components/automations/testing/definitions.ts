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
const { rule } = fc.letrec<{ rule: unknown }>((tie) => ({
  rule: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    comparison,
    fc.record({ all: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("rule") }),
  ),
}));

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
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
const { steps } = fc.letrec<{ steps: object[] }>((tie) => ({
  steps: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.constant<object[]>([]),
    fc.array(
      fc.oneof(
        send,
        delay,
        fc.record({ type: fc.constant("exit") }),
        fc.record({
          type: fc.constant("branch"),
          branches: fc.array(fc.record({ when: rule, steps: tie("steps") }), { minLength: 1, maxLength: 2 }),
          else: tie("steps"),
        }),
      ),
      { maxLength: 3 },
    ),
  ),
}));

export const definitions: fc.Arbitrary<unknown> = fc.record({
  trigger: fc.record({
    type: fc.constant("event"),
    event: fc.constantFrom("signed_up", "a", "order_2"),
    where: orNull(rule),
    source: fc.constantFrom("any", "server"),
  }),
  audience: orNull(rule),
  reentry: fc.constantFrom("once", "every_time"),
  exit_when: fc.constantFrom(null, []),
  goal: fc.constant(null),
  steps: steps.map(withIds),
});

/** Gives each step an id of its own. */
function withIds(given: object[]): object[] {
  let last = 0;
  const name = (list: object[]): object[] =>
    list.map((step) => {
      last += 1;
      const id = last % 3 === 0 ? `email-${last}` : `Step_${last}`;
      if (!isBranch(step)) return { ...step, id };
      const branches = step.branches.map((branch) => ({ ...branch, steps: name(branch.steps) }));
      return { ...step, id, branches, else: name(step.else) };
    });
  return name(given);
}

type Branch = { branches: { when: unknown; steps: object[] }[]; else: object[] };
const isBranch = (step: object): step is Branch => "branches" in step;
