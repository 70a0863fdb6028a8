import { Badge } from "@/components/ui/badge";
import { Banner } from "@/components/ui/banner";
import { Time } from "@/components/ui/time";
import type { Connection } from "@/lib/connections/schema";

type Breaker = Connection["breaker"];

/** Beside the status, while the breaker is not closed. */
export function BreakerBadge({ breaker: { state } }: { breaker: Breaker }) {
  if (state === "closed") return null;
  return (
    <Badge tone="warn" dot title="Calls went wrong in a row. Nothing is lost: sends wait in the queue.">
      {state === "open" ? "Resting" : "Trying again"}
    </Badge>
  );
}

/** Why nothing leaves just now, since when, and when it is tried again. */
export function BreakerNotice({ breaker: { state, since, until, why } }: { breaker: Breaker }) {
  if (state === "closed") return null;
  return (
    <Banner
      tone="warn"
      title={
        state === "open"
          ? "Calls went wrong in a row, so this connection rests."
          : "This connection is being tried again with one small batch."
      }
    >
      {why && <span className="block">{why}</span>}
      <span className="block">
        {since && (
          <>
            Since <Time at={since} />.{" "}
          </>
        )}
        {until && (
          <>
            The next try: <Time at={until} exact />.{" "}
          </>
        )}
        Its sends wait in the queue; all of them go on when a small batch has passed.
      </span>
    </Banner>
  );
}
