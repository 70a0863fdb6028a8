import { describe, expect, test } from "vitest";
import { type Role, roles } from "../actor";
import { memberChangeRefusal } from "./roles";

const change = (by: Role, from: Role, to: Role | null, more: { self?: boolean; owners?: number } = {}) =>
  memberChangeRefusal({ by, from, to, self: false, owners: 2, ...more });

describe("who may change whom", () => {
  const cases = roles.flatMap((by) => roles.flatMap((from) => [...roles, null].map((to) => ({ by, from, to }))));
  test.each(cases)("$by makes $from → $to", ({ by, from, to }) => {
    const touchesOwners = from === "owner" || to === "owner";
    const may = by === "owner" || (by === "admin" && !touchesOwners);
    expect(change(by, from, to) === null).toBe(may);
  });
});

test.each(roles)("a %s may leave", (role) => expect(change(role, role, null, { self: true })).toBeNull());

test("the last owner is neither demoted nor removed nor lets go, and hears why", () => {
  for (const to of ["admin", "viewer", null] as const)
    for (const self of [true, false])
      expect(change("owner", "owner", to, { self, owners: 1 })).toMatch(/needs an owner/);
});

test("nobody makes themselves an owner", () =>
  expect(change("admin", "admin", "owner", { self: true })).not.toBeNull());
