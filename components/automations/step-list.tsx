"use client";

import { Problem } from "@/components/conditions/problem";
import { AddStep } from "./add-step";
import { useBuilder } from "./builder-context";
import type { DraftStep } from "./draft";
import { type Place, stepsAt } from "./draft-tree";
import { FlowLine } from "./flow-card";
import { StepCard } from "./step-card";

type Props = { place: Place /** Said where there is no step. */; empty: string };

/** The steps at a place, one below the other, with a way to add one between any two. */
export function StepList({ place, empty }: Props) {
  const { draft, readOnly } = useBuilder();
  const steps = stepsAt(draft, place);
  return (
    <div data-path={place.join(".")}>
      {steps.length > 0 && (
        <ol>
          {steps.map((step, index) => (
            <li key={step.key}>
              {index > 0 && <Between place={place} index={index} next={step} />}
              <StepCard
                place={place}
                index={index}
                count={steps.length}
                step={step}
                list={(inner) => <StepList place={inner} empty="No steps: it goes on below." />}
              />
            </li>
          ))}
        </ol>
      )}
      {steps.length === 0 && <p className="text-muted text-sm">{empty}</p>}
      <Problem path={place.join(".")} />
      {!readOnly && (
        <div>
          {steps.length > 0 ? <FlowLine short /> : <div className="h-2" />}
          <AddStep place={place} index={steps.length} before={null} />
        </div>
      )}
    </div>
  );
}

function Between({ place, index, next }: { place: Place; index: number; next: DraftStep }) {
  const { readOnly } = useBuilder();
  if (readOnly) return <FlowLine />;
  return (
    <>
      <FlowLine short />
      <div className="ml-4 sm:ml-5">
        <AddStep place={place} index={index} before={next.id} />
      </div>
      <FlowLine short />
    </>
  );
}
