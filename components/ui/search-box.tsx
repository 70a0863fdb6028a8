"use client";

import { Search } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, type ReactNode, useEffect, useRef, useTransition } from "react";
import { hrefWith } from "./href";
import { Input } from "./input";
import { Spinner } from "./spinner";

type Props = {
  /** The list that is searched; what was asked becomes its query. */
  path: string;
  label: string;
  placeholder?: string;
  value: string | undefined;
  /** What the search keeps of the query. */
  keep?: Readonly<Record<string, string | undefined>>;
  charactersMax?: number;
  /** More controls of the same search, each with a name. */
  children?: ReactNode;
};

/** Searches a list by its address, so that a search can be shared and gone back to: `<SearchBox path="/acme/sends" label="Search sends" value={q} />`. */
export function SearchBox({ path, label, placeholder, value = "", keep = {}, charactersMax = 200, children }: Props) {
  const router = useRouter();
  const input = useRef<HTMLInputElement>(null);
  const [pending, start] = useTransition();
  // The address may change without this box, by a link that clears the search; a box of its own would lose the focus.
  useEffect(() => {
    if (input.current) input.current.value = value;
  }, [value]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const asked = Object.fromEntries(new FormData(event.currentTarget));
    start(() => router.push(hrefWith(path, { ...keep, ...asked })));
  };
  return (
    <search>
      <form action={path} onSubmit={submit} className="flex flex-wrap gap-2">
        {Object.entries(keep).map(
          ([name, kept]) => kept && <input key={name} type="hidden" name={name} value={kept} />,
        )}
        <span className="relative min-w-0 flex-1 basis-60 sm:max-w-sm">
          <span className="pointer-events-none absolute inset-y-0 left-2.5 my-auto grid size-4 place-items-center text-faint">
            {pending ? <Spinner /> : <Search aria-hidden className="size-4" />}
          </span>
          <Input
            ref={input}
            type="search"
            name="q"
            aria-label={label}
            placeholder={placeholder}
            defaultValue={value}
            maxLength={charactersMax}
            autoComplete="off"
            spellCheck={false}
            className="pl-8"
          />
        </span>
        {children}
      </form>
    </search>
  );
}
