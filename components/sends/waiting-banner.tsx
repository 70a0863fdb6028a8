import Link from "next/link";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import type { WaitingSends } from "@/lib/sends/schema";
import { countWords } from "./decision-words";
import { sendsHref } from "./send-query";

/** Above the log while emails wait for a person; nothing else says so there. */
export function WaitingBanner({ waiting, path }: { waiting: WaitingSends; path: string }) {
  const { toDecide, late } = waiting;
  if (toDecide === 0) return null;
  const unknown = waiting.undecided > 0;
  return (
    <Banner
      tone="warn"
      title={
        toDecide === 1 ? "1 email waits for your decision." : `${countWords(toDecide)} emails wait for your decision.`
      }
      className="mb-4"
      action={
        <>
          {late > 0 && (
            <Button asChild size="sm">
              <Link href={sendsHref(path, { held: "true", reason: "late" })}>{`Late: ${countWords(late)}`}</Link>
            </Button>
          )}
          {unknown && (
            <Button asChild size="sm">
              <Link href={sendsHref(path, { status: "unknown" })}>{`Unknown: ${countWords(waiting.unknown)}`}</Link>
            </Button>
          )}
        </>
      }
    >
      {late > 0 && "Some were to leave more than a day ago. "}
      {unknown && "Of some it is not known whether they left, and nobody can look it up."}
    </Banner>
  );
}
