import { describe, expect, test } from "vitest";
import { profileName } from "./profile-name";

const nobody = { traits: {}, email: null, external_id: null, anonymous_ids: [] };

describe("what a person is called", () => {
  test("is their name where a trait tells it, whole before in parts", () => {
    expect(profileName({ ...nobody, traits: { first_name: "Ada", last_name: "Abbas" } })).toBe("Ada Abbas");
    expect(profileName({ ...nobody, traits: { name: "Ada A.", first_name: "Ada" } })).toBe("Ada A.");
  });

  test("falls back to the address, then to their ids, and is never empty", () => {
    const ids = { external_id: "user_1", anonymous_ids: ["anon_1"] };
    expect(profileName({ ...nobody, ...ids, traits: { name: 7 }, email: "ada@example.com" })).toBe("ada@example.com");
    expect(profileName({ ...nobody, ...ids, traits: { name: "  " } })).toBe("user_1");
    expect(profileName({ ...nobody, anonymous_ids: ["anon_1"] })).toBe("anon_1");
    expect(profileName(nobody)).toBe("Somebody");
  });
});
