import { Time } from "@/components/ui/time";
import { partsOf } from "./why-words";

/** A sentence of an answer, its moments in the reader's own zone. */
export function WhySentence({ text }: { text: string }) {
  return partsOf(text).map((part) =>
    "at" in part ? <Time key={part.at} at={part.at} exact className="tabular-nums" /> : part.text,
  );
}
