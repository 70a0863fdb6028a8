import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import type { Resolution } from "@/lib/sends/schema";
import type { Outcome } from "./use-deciding";

const shownMax = 10;

const did: Record<Resolution, string> = {
  sent: "marked as sent",
  again: "on the way",
  skip: "skipped",
};

type Props = {
  outcome: Outcome;
  /** Whom each was for, as far as it is known. */
  recipients: ReadonlyMap<string, string>;
  onClose: () => void;
};

/** What came of a decision about many: how many, and each that could not be decided with its reason. */
export function DecideOutcome({ outcome: { as, resolved, errors }, recipients, onClose }: Props) {
  const shown = [...errors].slice(0, shownMax);
  const well = errors.size === 0;
  return (
    <Banner
      live
      tone={well ? "good" : "warn"}
      title={`${resolved === 1 ? "1 email is" : `${resolved.toLocaleString("en")} emails are`} ${did[as]}${well ? "." : `; ${errors.size} could not be decided.`}`}
      action={
        <Button size="sm" onClick={onClose}>
          Dismiss
        </Button>
      }
      className="mb-4"
    >
      {!well && (
        <ul className="space-y-1">
          {shown.map(([id, detail]) => (
            <li key={id} className="wrap-anywhere">
              <span className="font-medium text-ink">{recipients.get(id) ?? id}</span>: {detail}
            </li>
          ))}
          {errors.size > shown.length && <li>{`And ${errors.size - shown.length} more.`}</li>}
        </ul>
      )}
    </Banner>
  );
}
