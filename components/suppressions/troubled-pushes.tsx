import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { TroubledPush } from "@/lib/suppressions/schema";
import { pushLabels } from "./suppression-words";

type Props = { pushes: readonly TroubledPush[]; connectionNames: ReadonlyMap<string, string> };

/** Changes that Postmark's lists did not take, with Postmark's words: newest first. Nothing when there are none. */
export function TroubledPushes({ pushes, connectionNames }: Props) {
  if (pushes.length === 0) return null;
  return (
    <Card
      title="Not as wished at Postmark"
      description="An address that Postmark keeps holding back stays suppressed here as well. What could not be passed on is asked for again at the next reading."
    >
      <ul className="-my-2 divide-y divide-line text-sm">
        {pushes.map(({ email, connectionId, stream, status, wanted, message, at }) => (
          <li key={`${email} ${connectionId} ${stream}`} className="py-2 [overflow-wrap:anywhere]">
            <p className="flex flex-wrap items-baseline justify-between gap-x-3">
              <span>{email}</span>
              <span className="text-muted text-xs">
                {connectionNames.get(connectionId) ?? "Deleted connection"}, stream {stream}, <Time at={at} />
              </span>
            </p>
            <p className="mt-0.5 text-muted">
              {wanted === "lifted" ? pushLabels[status].means : "Postmark did not add this address to its list"}
              {message ? `: ${message}` : "."}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
