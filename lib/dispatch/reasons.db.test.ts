import { afterEach, expect, test } from "vitest";
import { type Reason, reasonSentence, reasons } from "./reasons";
import { answersOf, type Cases, storedCodes } from "./testing/cases";
import { emailCases } from "./testing/cases-emails";
import { entryCases } from "./testing/cases-entry";
import { newsCases } from "./testing/cases-news";
import { runCases } from "./testing/cases-runs";
import { quiesce } from "./testing/world";

afterEach(quiesce);

const cases: Cases = { ...runCases, ...emailCases, ...newsCases, ...entryCases };
const codes = Object.keys(reasons) as Reason[]; // the keys are exactly these

test("every reason in the table is brought about by a case", () => {
  expect(codes.filter((code) => cases[code] === undefined)).toEqual([]);
  expect(codes.length).toBeGreaterThanOrEqual(30);
});

test.each(codes.filter((code) => cases[code]))("%s comes about, and is said in a sentence", async (code) => {
  const workspaceId = (await cases[code]?.()) ?? "";
  const [stored, answers] = [await storedCodes(workspaceId), await answersOf(workspaceId)];
  expect([...stored, ...answers.map((answer) => answer.code)]).toContain(code);
  for (const said of stored) expect(reasonSentence(said), said).not.toBeNull();
  for (const answer of answers) {
    expect(reasonSentence(answer.code), answer.code).not.toBeNull();
    expect(answer.sentence).toMatch(/^[A-Z“].*[.)]$/);
  }
});
