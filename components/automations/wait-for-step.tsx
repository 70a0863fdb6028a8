"use client";

import type { ReactNode } from "react";
import { DurationInput } from "@/components/conditions/duration-input";
import { EventInput } from "@/components/conditions/event-input";
import { RuleEditor } from "@/components/conditions/rule-editor";
import { Field } from "@/components/form/field";
import { useBuilder } from "./builder-context";
import type { DraftWaitForStep } from "./draft";
import { type Place, wayPlace } from "./draft-tree";
import { Fields } from "./fields";
import { WayOf } from "./way";

type Props = {
  path: string;
  place: Place;
  index: number;
  step: DraftWaitForStep;
  set: (step: DraftWaitForStep) => void;
  /** The steps at a place. Handed in, because lists hold such steps and these hold lists. */
  list: (place: Place) => ReactNode;
};

/** Which event is waited for and how long, and the two ways on. */
export function WaitForEditor({ path, place, index, step, set, list }: Props) {
  const { readOnly } = useBuilder();
  return (
    <div className="space-y-5">
      <Fields className="grid gap-4 space-y-0 @md:grid-cols-2">
        <Field name={`${path}.event`} label="Event" hint="Counts once somebody has come to this step, not before.">
          <EventInput value={step.event} placeholder="activated" onValueChange={(event) => set({ ...step, event })} />
        </Field>
        <Field name={`${path}.timeout`} label="Wait at most">
          <DurationInput value={step.timeout} onValueChange={(timeout) => set({ ...step, timeout })} />
        </Field>
      </Fields>
      <div>
        <p className="mb-1 font-medium text-sm">Only if</p>
        <RuleEditor
          path={`${path}.where`}
          label="Conditions of the event that is waited for"
          empty="Any such event counts. Conditions can look at that event (event.amount) and the person (profile.plan)."
          rule={step.where}
          onChange={(where) => set({ ...step, where })}
          readOnly={readOnly}
        />
      </div>
      <WayOf name="When it happens" path={`${path}.then`} shown>
        {list(wayPlace(place, index, ["then"]))}
      </WayOf>
      <WayOf name="When it does not" path={`${path}.else`} shown>
        {list(wayPlace(place, index, ["else"]))}
      </WayOf>
    </div>
  );
}
