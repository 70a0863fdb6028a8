import type { WaitingSends } from "@/lib/sends/schema";
import { sendsHref } from "./send-query";

const shownMax = 99;

/** What stands beside the send log in the sidebar while emails wait for a person; null while none does. */
export function sendsMark({ toDecide, late }: WaitingSends, path: string) {
  if (toDecide === 0) return null;
  const asked = late > 0 ? ({ held: "true", reason: "late" } as const) : ({ status: "unknown" } as const);
  return {
    beside: path,
    href: sendsHref(path, asked),
    count: toDecide > shownMax ? `${shownMax}+` : String(toDecide),
    label: toDecide === 1 ? "1 email waits for a decision" : `${toDecide} emails wait for a decision`,
  };
}
