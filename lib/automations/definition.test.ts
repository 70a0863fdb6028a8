import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as schema from "./schema";
import { automationDefinition, nestingMax, stepsMax } from "./schema";

const send = { id: "welcome", type: "send_email", subject: "Welcome", html: "<p>Hello</p>" };
const definition = (...steps: unknown[]) => ({ trigger: { type: "event", event: "signed_up" }, steps });
const problems = (input: unknown) =>
  automationDefinition.safeParse(input).error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
const branch = (id: string, inner: unknown[], otherwise: unknown[] = []) => ({
  id,
  type: "branch",
  branches: [{ when: { field: "profile.plan", op: "eq", value: "pro" }, steps: inner }],
  else: otherwise,
});
const exit = (id: string) => ({ id, type: "exit" });
const split = (id: string, lists: unknown[][]) => ({
  id,
  type: "split",
  variants: lists.map((steps, number) => ({ id: `v${number}`, weight: 50, steps })),
});
const waitFor = (id: string, inner: unknown[], otherwise: unknown[] = []) => ({
  id,
  type: "wait_for",
  event: "activated",
  timeout: "PT4H",
  then: inner,
  else: otherwise,
});
const update = (id: string, set: object) => ({ id, type: "update_profile", set });

test("what may be left out gets its default, and the result parses again to the same", () => {
  const parsed = automationDefinition.parse(definition(send, { id: "wait", type: "delay", until: { time: "09:00" } }));
  expect(parsed).toEqual({
    trigger: { type: "event", event: "signed_up", where: null, source: "any" },
    audience: null,
    reentry: "once",
    exit_when: null,
    goal: null,
    steps: [
      {
        ...send,
        email_provider_id: null,
        text: null,
        template_id: null,
        from_email: null,
        from_name: null,
        reply_to_email: null,
        message_stream: null,
      },
      { id: "wait", type: "delay", for: null, until: { time: "09:00", weekdays: null, timezone: "profile" } },
    ],
  });
  expect(automationDefinition.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test("the steps that wait, split and write get their defaults, and parse again to the same", () => {
  const steps = [{ id: "a", type: "wait_for", event: "activated", timeout: "PT4H" }, split("b", [[exit("c")], []])];
  const given = {
    ...definition(...steps, update("d", { email: " Ada@Example.COM", plan: null })),
    reentry: { once_every: "P30D" },
  };
  const parsed = automationDefinition.parse({ ...given, exit_when: [{ event: "gone" }] });
  expect(parsed).toMatchObject({
    reentry: { once_every: "P30D" },
    exit_when: [{ event: "gone", where: null }],
    steps: [
      { ...steps[0], where: null, then: [], else: [] },
      steps[1],
      { id: "d", type: "update_profile", set: { email: "ada@example.com", plan: null } },
    ],
  });
  expect(automationDefinition.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test("exit_when and goal may be null, absent, or an empty list", () => {
  expect(problems({ ...definition(send), exit_when: [], goal: null })).toEqual([]);
  expect(problems({ ...definition(send), exit_when: null })).toEqual([]);
});

describe("what comes later is refused by name", () => {
  test.each<[string, unknown]>([
    ["trigger.type: “segment_entered”", { ...definition(send), trigger: { type: "segment_entered", segment_id: "x" } }],
    ["trigger.type: “date”", { ...definition(send), trigger: { type: "date", trait: "trial_ends_at" } }],
    ["trigger.type: “manual”", { ...definition(send), trigger: { type: "manual" } }],
    ["goal: “goal”", { ...definition(send), goal: { event: "activated", within: "P14D" } }],
    ["steps.0.template_id: “template_id”", definition({ ...send, template_id: "x" })],
    ["audience.in_segment: “in_segment”", { ...definition(send), audience: { in_segment: "x" } }],
  ])("%s", (start, input) => {
    expect(problems(input)).toEqual([expect.stringMatching(/not available yet.*later release/)]);
    expect(problems(input)[0]?.startsWith(start)).toBe(true);
  });
});

test("publish lets runs finish unless it is told to move them", () => {
  const id = "019a0000-0000-7000-8000-000000000000";
  expect(schema.publishInput.parse({ id })).toEqual({ id, in_flight: "finish" });
  expect(schema.publishInput.parse({ id, in_flight: "move" })).toEqual({ id, in_flight: "move" });
  expect(schema.publishInput.safeParse({ id, in_flight: "drop" }).error?.issues[0]?.message).toBe(
    "Use finish or move.",
  );
});

describe("a mistake is named where it is", () => {
  test.each<[string, unknown, RegExp]>([
    [
      "an id used twice, across branches",
      definition(exit("a"), branch("b", [], [exit("a")])),
      /^steps\.1\.else\.0\.id: The id “a” is used twice/,
    ],
    ["an id with a dot", definition(exit("a.b")), /^steps\.0\.id: A step id/],
    [
      "an unknown step type",
      definition({ id: "a", type: "sms" }),
      /^steps\.0\.type: Choose a type: send_email, delay, wait_for, branch, split, update_profile, exit/,
    ],
    ["no subject", definition({ ...send, subject: " " }), /^steps\.0\.subject: Write a subject/],
    [
      "a subject over 2000 characters",
      definition({ ...send, subject: "x".repeat(2_001) }),
      /^steps\.0\.subject: At most 2000/,
    ],
    [
      "a line break in the subject",
      definition({ ...send, subject: "a\r\nBcc: x@example.com" }),
      /^steps\.0\.subject: Line breaks/,
    ],
    [
      "a line separator in the sender's name",
      definition({ ...send, from_name: "a\u2028b" }),
      /^steps\.0\.from_name: Line breaks/,
    ],
    ["no body", definition({ ...send, html: " ", text: "" }), /^steps\.0\.html: Write an HTML or a text body/],
    ["a body over 1 MB", definition({ ...send, html: "x".repeat(1_048_577) }), /^steps\.0\.html: At most 1 MB/],
    [
      "a display name in an address",
      definition({ ...send, from_email: "Acme <hello@example.com>" }),
      /^steps\.0\.from_email: Give one bare address/,
    ],
    ["a delay of nothing", definition({ id: "a", type: "delay" }), /^steps\.0\.for: Say how long/],
    ["a delay of months", definition({ id: "a", type: "delay", for: "P1M" }), /^steps\.0\.for: Months and years/],
    [
      "a time that no clock shows",
      definition({ id: "a", type: "delay", until: { time: "24:00" } }),
      /^steps\.0\.until\.time: Use a time of day/,
    ],
    [
      "an unknown zone",
      definition({ id: "a", type: "delay", until: { time: "09:00", timezone: "Mars/Phobos" } }),
      /^steps\.0\.until\.timezone: Use a time zone/,
    ],
    [
      "an offset for a zone",
      definition({ id: "a", type: "delay", until: { time: "09:00", timezone: "+02:00" } }),
      /^steps\.0\.until\.timezone/,
    ],
    [
      "a weekday named twice",
      definition({ id: "a", type: "delay", until: { time: "09:00", weekdays: ["mon", "mon"] } }),
      /^steps\.0\.until\.weekdays: Name each weekday once/,
    ],
    [
      "a branch step without branches",
      definition({ id: "a", type: "branch", branches: [] }),
      /^steps\.0\.branches: Add at least one/,
    ],
    [
      "an event name in capitals",
      { ...definition(send), trigger: { type: "event", event: "Signed Up" } },
      /^trigger\.event: An event name/,
    ],
    ["an unknown re-entry", { ...definition(send), reentry: "twice" }, /^reentry: Use once, every_time, or once_every/],
    [
      "re-entry after months",
      { ...definition(send), reentry: { once_every: "P1M" } },
      /^reentry\.once_every: Months and years/,
    ],
    ["re-entry after a number", { ...definition(send), reentry: { once_every: 30 } }, /^reentry: once_every is one/],
    [
      "21 events that end it",
      { ...definition(send), exit_when: Array(21).fill({ event: "a" }) },
      /^exit_when: At most 20/,
    ],
    [
      "an event that ends it in capitals",
      { ...definition(send), exit_when: [{ event: "A" }] },
      /^exit_when\.0\.event: An/,
    ],
    [
      "a mistake in what ends it",
      { ...definition(send), exit_when: [{ event: "a", where: { any: [] } }] },
      /^exit_when\.0\.where\.any: Add at least one/,
    ],
    ["a wait without an end", definition({ id: "a", type: "wait_for", event: "b" }), /^steps\.0\.timeout/],
    [
      "a wait for nothing",
      definition({ id: "a", type: "wait_for", timeout: "PT1H" }),
      /^steps\.0\.event: Name the event/,
    ],
    ["a split into one", definition(split("a", [[]])), /^steps\.0\.variants: Add at least two/],
    ["a split into eleven", definition(split("a", Array(11).fill([]))), /^steps\.0\.variants: A step has at most 10/],
    [
      "a variant's id used twice",
      definition({ ...split("a", []), variants: Array(2).fill({ id: "v", weight: 1, steps: [] }) }),
      /^steps\.0\.variants\.1\.id: The id “v” is used twice/,
    ],
    [
      "a weight of nothing",
      definition({ ...split("a", []), variants: [0, 1].map((weight) => ({ id: `v${weight}`, weight, steps: [] })) }),
      /^steps\.0\.variants\.0\.weight: A weight is at least 1/,
    ],
    ["no trait to set", definition(update("a", {})), /^steps\.0\.set: Set at least one trait/],
    [
      "33 traits to set",
      definition(update("a", Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`t${n}`, n])))),
      /^steps\.0\.set: A step sets at most 32/,
    ],
    [
      "two addresses in one",
      definition(update("a", { email: "a@b.co, c@d.co" })),
      /^steps\.0\.set\.email: email must be/,
    ],
    [
      "a trait over 8 KB",
      definition(update("a", { t: "x".repeat(8_192) })),
      /^steps\.0\.set\.t: A trait takes at most/,
    ],
    [
      "a bottomless trait",
      definition(update("a", { t: JSON.parse("[".repeat(34) + "]".repeat(34)) })),
      /^steps\.0\.set\.t: Nest at most 32/,
    ],
    ["a mistake in a condition", { ...definition(send), audience: { any: [] } }, /^audience\.any: Add at least one/],
  ])("%s", (_, input, message) => expect(problems(input)).toEqual([expect.stringMatching(message)]));

  test("unknown keys are named at their own object", () => {
    const { error } = automationDefinition.safeParse({ ...definition({ ...send, subjekt: "x" }), reentri: "once" });
    expect(error?.issues.map(({ code, path }) => [code, path.join(".")])).toEqual([
      ["unrecognized_keys", "steps.0"],
      ["unrecognized_keys", ""],
    ]);
  });
});

describe("a definition is bounded", () => {
  const containers = [
    (id: string, steps: unknown[]) => branch(id, steps),
    (id: string, steps: unknown[]) => branch(id, [], steps),
    (id: string, steps: unknown[]) => waitFor(id, steps),
    (id: string, steps: unknown[]) => waitFor(id, [], steps),
    (id: string, steps: unknown[]) => split(id, [[], steps]),
  ];

  test("in steps, those within others counted", () => {
    const many = Array.from({ length: stepsMax - 1 }, (_, index) => exit(`s${index}`));
    for (const container of containers) {
      expect(problems(definition(container("b", many)))).toEqual([]);
      expect(problems(definition(container("b", many), exit("last")))).toEqual([
        expect.stringContaining("at most 200 steps"),
      ]);
    }
  });

  test("in nesting, whatever holds whatever, however absurd", () => {
    const nest = (depth: number) => {
      let steps: unknown[] = [];
      for (let level = depth; level > 0; level -= 1)
        steps = [containers[level % containers.length]?.(`b${level}`, steps)];
      return definition(...steps);
    };
    expect(problems(nest(nestingMax))).toEqual([]);
    expect(problems(nest(nestingMax + 1))).toEqual([expect.stringContaining("at most 5 deep")]);
    expect(problems(nest(50_000))).toEqual([expect.stringContaining("at most 5 deep")]);
  });
});

test("every public schema can be written as JSON Schema, steps within steps included", () => {
  for (const [name, value] of Object.entries(schema)) {
    if (!(value instanceof z.ZodType)) continue;
    const io = name.endsWith("Input") ? "input" : "output";
    expect(() => z.toJSONSchema(value, { io }), name).not.toThrow();
  }
  const resource = JSON.stringify(z.toJSONSchema(schema.automation));
  expect(resource).toContain('"$ref":"#/$defs/Step"');
});
