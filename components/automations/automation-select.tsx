"use client";

import { classes } from "@/components/ui/classes";
import { Select } from "@/components/ui/select";

type Props = {
  automations: { id: string; name: string }[];
  value: string | undefined;
  id?: string;
  "aria-label"?: string;
  className: string;
};

/** Part of a search: one automation, or all. Choosing asks at once. */
export function AutomationSelect({ automations, value = "", className, ...rest }: Props) {
  const known = value === "" || automations.some(({ id }) => id === value);
  return (
    <Select
      key={value} // the address may change without it
      name="automation_id"
      defaultValue={value}
      onChange={(event) => event.currentTarget.form?.requestSubmit()}
      className={classes("min-w-0 flex-1", className)}
      {...rest}
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
