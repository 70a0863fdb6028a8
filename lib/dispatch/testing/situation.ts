import { automationDefinition } from "../../automations/schema";
import type { Situation } from "../schema";

export const now = new Date("2026-11-21T12:00:00Z");

/** A run of a live automation that has just begun: nothing has happened, and nothing is to be done. */
export const situation = (over: Partial<Situation> = {}, run: Partial<Situation["run"]> = {}): Situation => ({
  run: {
    id: "r",
    automationId: "a",
    versionId: "v",
    profileId: "p",
    eventId: null,
    stepId: null,
    stepDueAt: null,
    readyAt: now,
    wasDueAt: now,
    attempt: 1,
    passedStepIds: [],
    ...run,
  },
  automation: { name: "A", status: "live", deleted: false },
  definition: automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, steps: [] }),
  person: { id: "p", externalId: "u", traits: { plan: "pro" }, createdAt: now },
  event: null,
  workspaceTimezone: null,
  sends: new Map(),
  connections: new Map(),
  signals: [],
  unsubscribed: [],
  performed: new Map(),
  ...over,
});
