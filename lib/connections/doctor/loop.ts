import type { DoctorFacts, LoopFacts } from "./facts";
import type { RowDraft } from "./row";

/** After this long what has not come back is missing. */
export const loopMs = 120_000;
/** How soon after one message another is sent: a second press of the button is not a second message. */
export const loopPauseMs = 60_000;

/** `webhook` is not waited for where the provider cannot call us. */
const signs = [
  { key: "acceptedAt", label: "Accepted", missing: "acceptance" },
  { key: "foundAt", label: "Found by search", missing: "the message in search" },
  { key: "toldAt", label: "Webhook arrived", missing: "the webhook" },
] as const;

const missingOf = (loop: LoopFacts, waitsForHook: boolean) =>
  signs.filter(({ key }) => loop[key] === null && (key !== "toldAt" || waitsForHook));

export type LoopStage = "running" | "done" | "gave_up" | "refused";

/** How far a message has come. */
export function loopStage(loop: LoopFacts, { reach, now }: { reach: DoctorFacts["reach"]; now: Date }): LoopStage {
  if (loop.refusal) return "refused";
  if (missingOf(loop, reach.kind === "reachable").length === 0) return "done";
  return now.getTime() - loop.startedAt.getTime() > loopMs ? "gave_up" : "running";
}

const title = "The loop";
const meaning =
  "One real message to Postmark’s black hole, which accepts and discards it: it shows that mail leaves, that Postmark’s search sees it, and that its webhook comes back here.";
const fix = (blackHole: string) => ({
  id: "loop",
  label: "Send a message round the loop",
  changes: [
    `One message is sent to ${blackHole} from the connection’s From address. It counts as one email of the Postmark plan and reaches nobody.`,
  ],
});
const blackHole = "Postmark’s black hole address";

/** What became of the newest message round the loop. */
export function loopRow({
  loop,
  connection,
  reach,
  readAt: now,
}: Pick<DoctorFacts, "loop" | "connection" | "reach" | "readAt">): RowDraft {
  const about = { id: "loop", title, meaning };
  if (connection.fromEmail === null)
    return { ...about, state: "cannot_know", summary: "Give the connection a From address, then try it." };
  if (loop === null) return { ...about, state: "cannot_know", summary: "Not tried yet.", fix: fix(blackHole) };
  const facts = [
    { label: "Sent", value: loop.startedAt.toISOString() },
    ...signs.map(({ key, label }) => ({ label, value: after(loop, key) })),
  ];
  const stage = loopStage(loop, { reach, now });
  if (stage === "running") return { ...about, facts, state: "cannot_know", summary: runningSummary(loop, reach) };
  return { ...about, facts, ...ended(loop, stage, reach), fix: fix(blackHole) };
}

const runningSummary = (loop: LoopFacts, reach: DoctorFacts["reach"]) =>
  `Under way: waiting for ${missingWords(loop, reach)}.`;

function ended(loop: LoopFacts, stage: Exclude<LoopStage, "running">, reach: DoctorFacts["reach"]) {
  switch (stage) {
    case "refused":
      return { state: "broken", summary: loop.refusal?.problem ?? "It was refused." } as const;
    case "done": {
      const times = signs
        .filter(({ key }) => loop[key] !== null)
        .map(({ key, label }) => `${label.toLowerCase()} after ${after(loop, key)}`);
      return { state: "good", summary: `It works: ${times.join(", ")}.` } as const;
    }
    case "gave_up": {
      const worst = missingOf(loop, reach.kind === "reachable").some(({ key }) => key !== "foundAt");
      const words = `Two minutes passed without ${missingWords(loop, reach)}. ${nextStep(loop)}`;
      return { state: worst ? "broken" : "warning", summary: words } as const;
    }
  }
}

function nextStep({ acceptedAt, foundAt, toldAt }: LoopFacts): string {
  if (acceptedAt === null) return "The send log says what became of it.";
  if (toldAt === null)
    return foundAt === null ? "See “Account approval”." : "See what the rows of reachability and webhook say.";
  return "Postmark’s search may be behind: send another one in some minutes.";
}

const missingWords = (loop: LoopFacts, reach: DoctorFacts["reach"]) =>
  missingOf(loop, reach.kind === "reachable")
    .map(({ missing }) => missing)
    .join(" and ");

function after(loop: LoopFacts, key: (typeof signs)[number]["key"]): string {
  const at = loop[key];
  if (at === null) return "not yet";
  const atLeast = key === "toldAt" && loop.toldLate ? "more than " : "";
  return `${atLeast}${(Math.max(at.getTime() - loop.startedAt.getTime(), 0) / 1000).toFixed(1)} s`;
}
