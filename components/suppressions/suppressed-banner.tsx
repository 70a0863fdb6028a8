import { Banner } from "@/components/ui/banner";
import { Time } from "@/components/ui/time";
import type { Suppression } from "@/lib/suppressions/schema";
import { type Lift, LiftSuppression } from "./lift-suppression";
import { reasonLabels, scopeWords } from "./suppression-words";

type Props = {
  held: Suppression[];
  connectionNames: ReadonlyMap<string, string>;
  /** Null for those who may not. */
  lift: Lift | null;
};

/** Says on a person's page that they are not written to: why, where and since when, one line for each reason. */
export function SuppressedBanner({ held, connectionNames, lift }: Props) {
  if (held.length === 0) return null;
  const everywhere = held.some(({ scope }) => scope === "workspace");
  return (
    <Banner
      tone="warn"
      className="mb-4"
      title={everywhere ? "Suppressed: this person gets no email." : "Suppressed: this person gets no email there."}
    >
      <ul className="mt-1 space-y-1">
        {held.map((suppression) => {
          const where = scopeWords(suppression, connectionNames);
          const { label, means } = reasonLabels[suppression.reason];
          return (
            <li key={`${where} ${suppression.reason}`} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="min-w-0 flex-1 basis-64 text-ink">
                {label}: {means} <span className="text-muted">{where}, since </span>
                <Time at={suppression.created_at} className="text-muted" />.
              </span>
              {lift && <LiftSuppression suppression={suppression} where={where} lift={lift} />}
            </li>
          );
        })}
      </ul>
    </Banner>
  );
}
