import { type PublishPreview, previewedMax } from "@/lib/automations/schema";

/** A number of people, as far as a preview counts them. */
export const previewWords = (count: number): string =>
  count >= previewedMax ? `${previewedMax.toLocaleString("en")}+` : count.toLocaleString("en");

/** `1 person is`, `12 people are`: who a publish could move. */
export const movedWords = ({ people }: Pick<PublishPreview, "people">): string =>
  people === 1 ? "1 person is" : `${previewWords(people)} people are`;

/** How many of them a move would end. */
export function leaveWords({ people, removed }: Pick<PublishPreview, "people" | "removed">): string {
  const all = removed === people && people > 1 ? "All of them leave" : `${previewWords(removed)} leave`;
  const who = removed === 1 ? "1 person leaves" : all;
  return `${who}: the step where they stand is not in the new version. What is queued for them is not sent.`;
}

type Move = PublishPreview["moves"][number];

/** The newest version first, and within it by step. */
export const inOrder = (moves: readonly Move[]): Move[] =>
  moves.toSorted(
    (one, other) => other.from_version - one.from_version || (one.step_id ?? "").localeCompare(other.step_id ?? ""),
  );
