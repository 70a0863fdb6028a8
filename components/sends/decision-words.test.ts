import { expect, test } from "vitest";
import { decisionWords } from "./decision-words";

const unknown = { status: "unknown" } as const;
const late = { status: "queued" } as const;
const said = (...given: Parameters<typeof decisionWords>) => decisionWords(...given).meaning.join(" ");

test("sending an unknown email again warns that the person may get it twice", () => {
  expect(said("again", [unknown])).toMatch(/did take it before, the person gets it twice/);
  expect(decisionWords("again", [unknown]).tone).toBe("danger");
});

test("a late email cannot arrive twice, and nobody is warned of that", () => {
  expect(said("again", [late, late])).not.toMatch(/twice/);
  expect(said("again", [late, late])).toMatch(/^They leave now, late/);
  expect(decisionWords("again", [late])).toMatchObject({ title: "Send this email now?", confirm: "Send now" });
});

test("skipping says that what was taken cannot be called back", () => {
  expect(said("skip", [unknown])).toMatch(/arrives all the same/);
  expect(said("skip", [late])).toBe("It never leaves, and the automation goes on without it.");
});

test("how many are meant stands in the question", () => {
  expect(decisionWords("sent", [unknown]).title).toBe("Mark this email as sent?");
  expect(decisionWords("skip", [unknown], 999).title).toBe("Skip 999 emails?");
  expect(decisionWords("skip", [unknown], 1000).title).toBe("Skip 1,000+ emails?");
});
