import { describe, expect, test } from "vitest";
import { condition, type OperatorName, operators } from "@/lib/conditions/schema";
import {
  changeMember,
  newComparison,
  newPerformed,
  type Rule,
  readNumber,
  ruleWords,
  withMember,
  withOperator,
} from "./rule";

const plan: Rule = { field: "profile.plan", op: "eq", value: "pro" };
const names = Object.keys(operators) as OperatorName[];

describe("a rule grows and shrinks", () => {
  test("the second condition makes a group that asks for both, the third joins it", () => {
    expect(withMember(null, plan)).toEqual(plan);
    expect(withMember(plan, plan)).toEqual({ all: [plan, plan] });
    expect(withMember({ any: [plan, plan] }, plan)).toEqual({ any: [plan, plan, plan] });
    expect(withMember({ not: plan }, plan)).toEqual({ all: [{ not: plan }, plan] });
  });

  test("a group keeps its kind when a member changes, and is gone with its last member", () => {
    const other = newComparison();
    expect(changeMember({ any: [plan, plan] }, 1, other)).toEqual({ any: [plan, other] });
    expect(changeMember({ any: [plan, other] }, 0, null)).toEqual({ any: [other] });
    expect(changeMember({ all: [plan] }, 0, null)).toBeNull();
  });
});

describe("another operator", () => {
  test("keeps a value that means something there too", () => {
    expect(withOperator({ field: "profile.plan", op: "eq", value: "pro" }, "neq").value).toBe("pro");
    expect(withOperator({ field: "event.amount", op: "eq", value: "12" }, "gte").value).toBe(12);
    expect(withOperator({ field: "event.amount", op: "gte", value: 12 }, "starts_with").value).toBe("12");
    expect(withOperator({ field: "profile.plan", op: "eq", value: true }, "in").value).toEqual([true]);
    expect(withOperator({ field: "profile.plan", op: "in", value: ["pro", "team"] }, "eq").value).toBe("pro");
  });

  test.each(names)("%s takes the value of every other operator without breaking, and says what is missing", (op) => {
    for (const before of names) {
      const value = before === "in" ? ["a"] : before === "gte" ? 3 : "a";
      const next = withOperator({ field: "profile.plan", op: before, value }, op);
      expect(next.op).toBe(op);
      const paths = condition.safeParse(next).error?.issues.map((issue) => issue.path[0]) ?? [];
      expect(paths.every((path) => path === "value")).toBe(true);
    }
  });

  test("one that takes no value has none", () => {
    expect(withOperator({ field: "profile.plan", op: "eq", value: "pro" }, "exists")).toEqual({
      field: "profile.plan",
      op: "exists",
    });
  });
});

test.each([
  ["12", 12],
  [" -1.5 ", -1.5],
  ["1e3", 1000],
  [".5", 0.5],
  ["", null],
  ["1,5", null],
  ["0x10", null],
  ["Infinity", null],
  ["1e999", null],
])("“%s” is read as %s", (text, number) => {
  expect(readNumber(text)).toBe(number);
});

describe("a question for how often somebody did something", () => {
  test("begins as: at least once, at any time, any such event; only the event is to be said", () => {
    const issues = condition.safeParse(newPerformed()).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual(["performed"]);
    expect(ruleWords({ ...newPerformed(), performed: "paid" })).toBe("performed paid");
  });

  test("joins others in a group, and is told in words", () => {
    const often: Rule = {
      performed: "paid",
      where: { field: "event.amount", op: "gte", value: 10 },
      count: { op: "lt", value: 3 },
      within: "P30D",
    };
    expect(withMember(plan, often)).toEqual({ all: [plan, often] });
    expect(ruleWords(often)).toBe(
      "performed paid fewer than 3 times within the last 30 days where (event amount is at least 10)",
    );
  });
});

test("an unfinished rule is called that in headings", () => {
  expect(ruleWords(plan)).toBe('plan is "pro"');
  expect(ruleWords(newComparison())).toBe("a condition that is not complete yet");
});
