import { expect, test } from "vitest";
import type { DoctorRow } from "../connections/schema";
import { reportText } from "./connection-doctor";

const row = (over: Partial<DoctorRow>): DoctorRow => ({
  id: "x",
  title: "Title",
  state: "good",
  summary: "Summary.",
  meaning: "Meaning.",
  facts: [],
  checked_at: "2026-11-22T00:00:00.000Z",
  fix: null,
  other_fixes: [],
  ...over,
});

test("an operator reads what is wrong, what to publish, and how to have it fixed", () => {
  const fix = { id: "tracking", label: "Turn on tracking", changes: ["It is turned on."] };
  const records = [
    { type: "TXT", name: "_dmarc.acme.example", value: "v=DMARC1", found: null, state: "warning" as const },
  ];
  const data = [row({ state: "broken", fix, records }), row({ id: "y", title: "Fine" })];
  expect(reportText({ data }, [{ fix: "loop", changed: [] }]).split("\n")).toEqual([
    "loop: nothing to change",
    "",
    "✗ Title: Summary.",
    "    Meaning.",
    "    publish: _dmarc.acme.example TXT v=DMARC1",
    "    --fix tracking: It is turned on.",
    "✓ Fine: Summary.",
    "",
  ]);
});
