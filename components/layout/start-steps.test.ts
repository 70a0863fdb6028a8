import { expect, test } from "vitest";
import { startSteps } from "./start-steps";

const facts = {
  slug: "acme",
  appUrl: "https://gflux.example.com",
  event: "trial_started",
  hasConnection: false,
  hasAutomation: false,
  hasPeople: false,
  hasSends: false,
};

test("the command to paste sends the event that the automation waits for to this installation", () => {
  const command = startSteps(facts)[2]?.command ?? "";
  expect(command).toContain("https://gflux.example.com/v1/events");
  expect(command).toContain('"event":"trial_started"');
});

test("a step is done when what it asks for exists", () => {
  expect(startSteps({ ...facts, hasConnection: true, hasPeople: true }).map(({ done }) => done)).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
