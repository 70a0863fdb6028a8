import { expect, test } from "vitest";
import { waitingWords } from "./waiting-words";

const send = { status: "queued", reason: null, due_at: null, automation_id: "a", email_provider_id: "c" } as const;
const words = (over: object) => waitingWords({ ...send, ...over }, "/acme");

test("an unknown send says what is being done about it, and may be decided each way", () => {
  const due_at = "2026-11-21T12:00:00.000Z";
  expect(words({ status: "unknown", reason: "no_answer", due_at })).toMatchObject({
    why: expect.stringMatching(/got no answer/),
    next: expect.stringMatching(/^It is looked up again/),
    at: due_at,
    choices: ["sent", "again", "skip"],
  });
  expect(words({ status: "unknown", reason: "cannot_know" })?.why).toMatch(/cannot be looked up/);
  expect(words({ status: "unknown", reason: null })?.why).toMatch(/got no answer/);
});

test("a test email is not sent again", () => {
  expect(words({ status: "unknown", reason: "no_answer", automation_id: null })?.choices).toEqual(["sent", "skip"]);
});

test("a late send waits for a person, and cannot have been sent", () => {
  expect(words({ reason: "late" })).toMatchObject({ choices: ["again", "skip"], mend: null });
});

test.each([
  ["paused", "/acme/automations/a"],
  ["connection_failing", "/acme/configuration/connections/c"],
  ["connection_disabled", "/acme/configuration/connections/c"],
  ["stream_refused", "/acme/configuration/connections/c"],
  ["account_refused", "/acme/configuration/connections/c"],
  ["sending_stopped", undefined],
])("what one fact holds (%s) is mended there, and not decided one by one", (reason, href) => {
  const found = words({ reason });
  expect(found?.choices).toEqual([]);
  expect(found?.mend?.href).toBe(href);
  expect(found?.next).toMatch(/^It leaves once /);
});

test("what is tried again by itself says when; what only waits its turn, or is settled, says nothing", () => {
  const due_at = "2026-11-21T12:00:00.000Z";
  expect(words({ reason: "provider_busy", due_at })).toMatchObject({ at: due_at, choices: [] });
  expect(words({})).toBeNull();
  expect(words({ status: "skipped", reason: "suppressed" })).toBeNull();
});
