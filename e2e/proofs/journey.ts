import { emailStep } from "../../lib/testing/factory";

export const mailsPerPerson = 2;

/** Between the two emails. */
export const pauseSeconds = 3;

/** Two emails with a wait and a branch between them: a run comes by every kind of step that it passes by itself. */
export const journey = {
  steps: ["welcome", "tips"],
  definition: (connectionId: string) => ({
    trigger: { type: "event", event: "signed_up", where: null, source: "any" },
    audience: null,
    reentry: "once",
    steps: [
      emailStep("welcome", connectionId),
      { id: "pause", type: "delay", for: `PT${pauseSeconds}S`, until: null },
      {
        id: "fork",
        type: "branch",
        branches: [{ when: { field: "profile.email", op: "exists" }, steps: [emailStep("tips", connectionId)] }],
        else: [],
      },
    ],
  }),
};
