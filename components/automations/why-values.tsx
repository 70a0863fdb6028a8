import { WhySentence } from "./why-sentence";
import { shownValues } from "./why-words";

/** What a decision looked at, closed until somebody wants to know. */
export function WhyValues({ details }: { details: Readonly<Record<string, unknown>> }) {
  const shown = shownValues(details);
  if (shown.length === 0) return null;
  return (
    <details className="mt-1 text-muted">
      <summary className="w-fit rounded-sm text-xs hover:text-ink pointer-coarse:py-1.5">What was looked at</summary>
      <dl className="mt-1 grid gap-x-4 gap-y-1 rounded-md border border-line bg-sunken p-2.5 text-xs sm:grid-cols-[minmax(6rem,max-content)_1fr]">
        {shown.map(({ name, value, told }) => (
          <div key={name} className="grid grid-cols-subgrid sm:col-span-2">
            <dt className="[overflow-wrap:anywhere] sm:max-w-60">{name}</dt>
            <dd className="min-w-0 whitespace-pre-wrap font-mono text-ink [overflow-wrap:anywhere]">
              {told ? <WhySentence text={value} /> : value}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
