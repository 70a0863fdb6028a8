"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useTransition } from "react";
import { hrefWith } from "@/components/ui/href";
import { Select } from "@/components/ui/select";
import { Spinner } from "@/components/ui/spinner";

type Props = {
  automations: { id: string; name: string }[];
  value: string | undefined /** Where the answer is shown. */;
  path: string;
};

/** Asks about one automation, or about all; choosing asks at once. */
export function WhyPicker({ automations, value = "", path }: Props) {
  const router = useRouter();
  const [pending, start] = useTransition();
  const known = value === "" || automations.some(({ id }) => id === value);
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const asked = Object.fromEntries(new FormData(event.currentTarget));
    start(() => router.push(hrefWith(path, asked)));
  };
  return (
    <search>
      <form action={path} onSubmit={ask} className="flex max-w-full flex-wrap items-center gap-2">
        <label htmlFor="why-automation" className="font-medium text-sm">
          Why, in
        </label>
        <Select
          key={value} // the address may change without it
          id="why-automation"
          name="automation_id"
          defaultValue={value}
          onChange={(event) => event.currentTarget.form?.requestSubmit()}
          className="min-w-0 flex-1 basis-48 sm:max-w-72"
        >
          <option value="">All automations</option>
          {!known && <option value={value}>Another automation</option>}
          {automations.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        <span className="grid size-4 place-items-center text-faint">{pending && <Spinner />}</span>
      </form>
    </search>
  );
}
