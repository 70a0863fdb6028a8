"use client";

import { type ReactNode, useId, useState } from "react";
import { DurationInput } from "@/components/conditions/duration-input";
import { Problem } from "@/components/conditions/problem";
import { Field } from "@/components/form/field";
import { Checkbox } from "@/components/ui/checkbox";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { Select } from "@/components/ui/select";
import { type DelayStep, weekdays } from "@/lib/automations/schema";
import type { DraftStep } from "./draft";
import { Fields } from "./fields";
import { dayWords } from "./step-summary";

type Draft = Extract<DraftStep, { type: "delay" }>;
type Until = NonNullable<DelayStep["until"]>;
type Props = { path: string; step: Draft; set: (step: Draft) => void };

/** For how long, until which time of day, or first the one and then the other. */
export function DelayEditor({ path, step, set }: Props) {
  const { for: duration, until } = step;
  return (
    <Fields>
      <Choice
        label="For some time"
        checked={duration !== null}
        onChange={(on) => set({ ...step, for: on ? "P1D" : null })}
      >
        {duration !== null && (
          <Field name={`${path}.for`} label="Wait for" className="max-w-md">
            <DurationInput value={duration} onValueChange={(iso) => set({ ...step, for: iso })} />
          </Field>
        )}
      </Choice>
      {duration === null && <Problem path={`${path}.for`} />}
      <Choice
        label={duration === null ? "Until a time of day" : "Then until a time of day"}
        checked={until !== null}
        onChange={(on) => set({ ...step, until: on ? { time: "09:00", weekdays: null, timezone: "profile" } : null })}
      >
        {until !== null && (
          <UntilFields path={`${path}.until`} until={until} set={(next) => set({ ...step, until: next })} />
        )}
      </Choice>
    </Fields>
  );
}

type ChoiceProps = { label: string; checked: boolean; onChange: (on: boolean) => void; children: ReactNode };

function Choice({ label, checked, onChange, children }: ChoiceProps) {
  const id = useId();
  return (
    <div>
      <div className="flex items-center gap-2.5">
        <Checkbox id={id} checked={checked} onChange={({ target }) => onChange(target.checked)} />
        <Label htmlFor={id}>{label}</Label>
      </div>
      {checked && <div className="mt-3 sm:pl-6.5">{children}</div>}
    </div>
  );
}

type UntilProps = { path: string; until: Until; set: (until: Until) => void };

function UntilFields({ path, until, set }: UntilProps) {
  return (
    <div className="space-y-4">
      <div className="grid gap-4 @md:grid-cols-[9rem_minmax(0,1fr)]">
        <Field name={`${path}.time`} label="Time">
          <Input type="time" value={until.time} onChange={({ target }) => set({ ...until, time: target.value })} />
        </Field>
        <ZoneFields path={path} until={until} set={set} />
      </div>
      <Days path={path} until={until} set={set} />
    </div>
  );
}

function ZoneFields({ path, until, set }: UntilProps) {
  const [zones, setZones] = useState<string[]>([]);
  const listId = useId();
  const own = until.timezone === "profile";
  return (
    <div className="grid gap-2">
      <Field name={own ? `${path}.timezone` : `${path}.timezone_of`} label="Time zone">
        <Select
          value={own ? "profile" : "fixed"}
          onChange={({ target }) => set({ ...until, timezone: target.value === "profile" ? "profile" : "UTC" })}
          options={[
            { value: "profile", label: "The person’s own, else the workspace’s" },
            { value: "fixed", label: "Always the same" },
          ]}
        />
      </Field>
      {!own && (
        <Field name={`${path}.timezone`} label="Name of the time zone" hideLabel>
          <Input
            list={listId}
            value={until.timezone}
            placeholder="Europe/Berlin"
            autoComplete="off"
            spellCheck={false}
            // Hundreds of names: only for whoever looks for one.
            onFocus={() => setZones(Intl.supportedValuesOf("timeZone"))}
            onChange={({ target }) => set({ ...until, timezone: target.value })}
          />
        </Field>
      )}
      <datalist id={listId}>
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </div>
  );
}

function Days({ path, until, set }: UntilProps) {
  const id = useId();
  const days = until.weekdays;
  const [monday, tuesday, wednesday, thursday, friday] = weekdays;
  const setDays = (next: Until["weekdays"]) => set({ ...until, weekdays: next });
  return (
    <div className="space-y-2">
      <Field name={`${path}.days`} label="Days" className="max-w-56">
        <Select
          value={days === null ? "every" : "chosen"}
          onChange={({ target }) =>
            setDays(target.value === "every" ? null : [monday, tuesday, wednesday, thursday, friday])
          }
          options={[
            { value: "every", label: "Every day" },
            { value: "chosen", label: "Only on these days" },
          ]}
        />
      </Field>
      {days !== null && (
        <div className="flex flex-wrap gap-x-4 gap-y-2">
          {weekdays.map((day) => (
            <span key={day} className="flex items-center gap-1.5 text-sm">
              <Checkbox
                id={`${id}-${day}`}
                checked={days.includes(day)}
                onChange={({ target }) =>
                  setDays(weekdays.filter((one) => (one === day ? target.checked : days.includes(one))))
                }
              />
              <Label htmlFor={`${id}-${day}`} className="font-normal">
                {dayWords[day]}
              </Label>
            </span>
          ))}
        </div>
      )}
      <Problem path={`${path}.weekdays`} />
    </div>
  );
}
