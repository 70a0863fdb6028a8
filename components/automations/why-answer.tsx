import { DoorClosed, Footprints } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { WhyAnswer as Answer, WhyAutomation, WhyNotEntered, WhyRun } from "@/lib/dispatch/schema";
import { enrollmentWords } from "./enrollment-table";
import { WhySentence } from "./why-sentence";
import { WhyChecked, type WhyPaths, WhyTrail } from "./why-trail";

type Props = {
  why: WhyAutomation;
  paths: WhyPaths;
  /** Whom it is about, where the page does not say it. */
  about?: ReactNode;
};

/** Why somebody did, or did not, get an automation's email: one sentence, then how it came to that. */
export function WhyAnswer({ why, paths, about }: Props) {
  const { answer, runs, not_entered, more_runs } = why;
  return (
    <div className="space-y-4">
      <Card title={about ?? "The answer"}>
        <Said answer={answer} />
      </Card>
      {runs.map((run, index) => (
        <WhyRunCard key={run.enrollment_id} run={run} paths={paths} newest={index === 0} alone={runs.length === 1} />
      ))}
      {more_runs && (
        <p className="text-muted text-sm">Only the newest {runs.length} runs are shown; this person has more.</p>
      )}
      {not_entered && <NotEntered missed={not_entered} again={runs.length > 0} />}
    </div>
  );
}

/** The sentence, calm and large enough to be all that most read. */
function Said({ answer }: { answer: Answer }) {
  const { sentence, since, until } = answer;
  return (
    <>
      <p className="max-w-prose text-balance font-medium text-lg [overflow-wrap:anywhere]">
        <WhySentence text={sentence} />
      </p>
      {(since || until) && (
        <p className="mt-1 flex flex-wrap gap-x-3 text-muted text-sm">
          {since && <Time at={since} />}
          {until && (
            <span>
              Next: <Time at={until} />
            </span>
          )}
        </p>
      )}
    </>
  );
}

type RunProps = { run: WhyRun; paths: WhyPaths; newest?: boolean; alone?: boolean };

/** One run: how it stands, and its trail. Of several only the newest is open. */
export function WhyRunCard({ run, paths, newest = true, alone = true }: RunProps) {
  const { label, tone } = enrollmentWords[run.status];
  const trail =
    run.decisions.length === 0 ? (
      <p className="text-muted text-sm">No decision about this run is stored.</p>
    ) : (
      <WhyTrail label="Decisions of this run" decisions={run.decisions} paths={paths} />
    );
  return (
    <Card
      title={
        <span className="inline-flex items-center gap-2">
          <Footprints aria-hidden className="size-4 text-faint" />
          {alone ? "The run" : newest ? "Newest run" : "Earlier run"}
        </span>
      }
      description={
        <>
          Version {run.version}, entered <Time at={run.entered_at} />
          {run.ended_at && (
            <>
              , ended <Time at={run.ended_at} />
            </>
          )}
        </>
      }
      actions={
        <Badge tone={tone} dot>
          {label}
        </Badge>
      }
    >
      {newest ? (
        trail
      ) : (
        <>
          <p className="text-sm [overflow-wrap:anywhere]">
            <WhySentence text={run.answer.sentence} />
          </p>
          <details className="mt-2">
            <summary className="w-fit rounded-sm text-muted text-sm hover:text-ink">Its decisions</summary>
            <div className="mt-3">{trail}</div>
          </details>
        </>
      )}
    </Card>
  );
}

function NotEntered({ missed, again }: { missed: WhyNotEntered; again: boolean }) {
  const { checked, more } = missed;
  return (
    <Card
      title={
        <span className="inline-flex items-center gap-2">
          <DoorClosed aria-hidden className="size-4 text-faint" />
          {again ? "Why no further run began" : "Why no run began"}
        </span>
      }
      description="Worked out now, from the stored events and the version that was live when each came."
    >
      {checked.length === 0 ? (
        <p className="text-sm [overflow-wrap:anywhere]">
          <WhySentence text={missed.sentence} />
        </p>
      ) : (
        <WhyChecked checked={checked} />
      )}
      {more && (
        <p className="mt-3 text-muted text-sm">
          Only the newest {checked.length} events were looked at; there are older ones.
        </p>
      )}
    </Card>
  );
}
