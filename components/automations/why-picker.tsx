"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useTransition } from "react";
import { hrefWith } from "@/components/ui/href";
import { Spinner } from "@/components/ui/spinner";
import { AutomationSelect } from "./automation-select";

type Props = {
  automations: { id: string; name: string }[];
  value: string | undefined;
  /** Where the answer is shown. */
  path: string;
};

/** Asks about one automation, or about all; choosing asks at once. */
export function WhyPicker({ automations, value, path }: Props) {
  const router = useRouter();
  const [pending, start] = useTransition();
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
        <AutomationSelect
          id="why-automation"
          automations={automations}
          value={value}
          className="basis-48 sm:max-w-72"
        />
        <span className="grid size-4 place-items-center text-faint">{pending && <Spinner />}</span>
      </form>
    </search>
  );
}
