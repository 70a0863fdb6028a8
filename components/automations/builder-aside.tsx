import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { Time } from "@/components/ui/time";
import type { AnyAutomation } from "@/lib/automations/schema";
import { countWords } from "./count-words";
import { statusWords } from "./step-summary";

type Props = { automation: AnyAutomation; path: string; dirty: boolean };

/** How it stands: status, version, people. */
export function BuilderAside({ automation, path, dirty }: Props) {
  const { counts, status, live_version, updated_at } = automation;
  const people = `${path}/${automation.id}/people`;
  return (
    <aside aria-label="State" className="space-y-4 text-sm lg:sticky lg:top-6 lg:pt-14">
      <div>
        <h2 className="font-medium">{statusWords[status].label}</h2>
        <p className="text-muted">{statusWords[status].means}</p>
      </div>
      <div className="space-y-1">
        <h2 className="font-medium">{live_version === null ? "No version yet" : `Version ${live_version}`}</h2>
        <p className="text-muted">
          <DraftState automation={automation} dirty={dirty} />
        </p>
      </div>
      <div>
        <h2 className="font-medium">People</h2>
        <ul className="text-muted">
          {(["active", "completed", "exited"] as const).map((kind) => (
            <li key={kind}>
              <Link
                href={`${people}?status=${kind}`}
                className="-mx-1.5 flex justify-between rounded-sm px-1.5 py-0.5 hover:bg-hover hover:text-ink pointer-coarse:py-2"
              >
                <span>{kind[0]?.toUpperCase() + kind.slice(1)}</span>
                <span className="tabular-nums">{countWords(counts[kind])}</span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
      <p className="text-muted">
        Saved <Time at={updated_at} />
      </p>
    </aside>
  );
}

function DraftState({ automation, dirty }: Omit<Props, "path">) {
  const { live_version, unpublished_changes, status, definition_error } = automation;
  if (dirty) return <Badge tone="warn">Not saved yet</Badge>;
  if (definition_error !== null) return "The draft cannot be read.";
  if (live_version === null) return "Publish it, and people who do what the trigger says enter.";
  if (!unpublished_changes) return "The draft is the same as this version.";
  return (
    <>
      <Badge tone="info">Draft differs</Badge>
      {status !== "archived" && (
        <span className="mt-1 block">
          Publish to use it for who enters from then on; you are asked what becomes of those who are in it.
          {status === "paused" && " That resumes it, too."}
        </span>
      )}
    </>
  );
}
