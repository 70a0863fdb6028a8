import { Time } from "@/components/ui/time";
import { partsOf } from "./why-words";

/** A sentence of an answer, its moments in the reader's own zone. */
export function WhySentence({ text }: { text: string }) {
  return partsOf(text).map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the same moment may stand twice, and a text does not change its order
    "at" in part ? <Time key={place} at={part.at} exact className="tabular-nums" /> : part.text,
  );
}
