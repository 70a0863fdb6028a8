"use client";

import { Select } from "@/components/ui/select";

type Props = { automations: { id: string; name: string }[]; value: string | undefined };

/** Part of a search: choosing asks at once. */
export function AutomationFilter({ automations, value = "" }: Props) {
  const known = value === "" || automations.some(({ id }) => id === value);
  return (
    <Select
      key={value} // the address may change without it
      name="automation_id"
      aria-label="Automation"
      defaultValue={value}
      onChange={(event) => event.currentTarget.form?.requestSubmit()}
      className="min-w-0 flex-1 basis-40 sm:max-w-56"
    >
      <option value="">All automations</option>
      {!known && <option value={value}>Another automation</option>}
      {automations.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
