"use client";

import { type FormEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { classes } from "@/components/ui/classes";
import type { PublicError } from "@/lib/errors";
import { FormContext } from "./form-context";
import { readForm } from "./read-form";
import { type FormAction, submit as hand, useAction } from "./use-action";
import { useLeaveGuard } from "./use-leave-guard";

/** The part of a zod schema that a form needs for its first check. */
type Schema = {
  safeParse: (input: unknown) => { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } };
};

type Props<T> = {
  action: FormAction<T>;
  /** The operation's input schema: checked here first, with the same sentences as the server's. */
  schema?: Schema;
  /** Turns what the fields hold into the action's input; without it they are handed on as read by `readForm`. */
  read?: (fields: Record<string, unknown>) => unknown;
  onSuccess?: (value: T) => void;
  success?: string;
  refresh?: boolean;
  /** Refusals of another action on the same fields (a look before saving). */
  errors?: Record<string, string[]>;
  /** Asks before the page is left with changes that were not saved. */
  guard?: boolean;
  className?: string;
  children: ReactNode;
};

/**
 * A form on a server action:
 * ```
 * <Form action={createKey} success="Key made." onSuccess={(key) => …}>
 *   <Field name="name" label="Name"><Input /></Field>
 *   <SubmitButton>Make key</SubmitButton>
 * </Form>
 * ```
 * Refusals stand beside their fields (`error.fields`, by dotted path) and the first of them gets the focus; what belongs to no field
 * stands above. What was typed is never lost.
 */
export function Form<T>({ action, schema, read, errors: given, guard, className, children, ...options }: Props<T>) {
  const form = useRef<HTMLFormElement>(null);
  const [dirty, setDirty] = useState(false);
  useLeaveGuard(guard === true && dirty);
  const { run, pending, error } = useAction<unknown, T>((input) => hand(action, input), {
    ...options,
    onSuccess: (value) => {
      setDirty(false);
      options.onSuccess?.(value);
    },
  });
  const { errors, ask, mend } = useFieldErrors(form, { answer: error, given });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = readForm(event.currentTarget);
    const input = read ? read(values) : values;
    const problems = schema ? firstCheck(schema, input) : {};
    ask(problems);
    if (Object.keys(problems).length === 0) run(input);
  };
  const changed = ({ target }: FormEvent<HTMLFormElement>) => {
    setDirty(true);
    if (target instanceof Element) mend(target.getAttribute("name"));
  };
  const homeless = Object.entries(errors).filter(([path]) => form.current?.elements.namedItem(path) == null);

  return (
    <FormContext.Provider value={{ errors, pending }}>
      <form
        ref={form}
        method="post" // never the browser's default: it would put a password into the address
        noValidate
        onSubmit={submit}
        onChange={changed}
        className={classes("space-y-4", className)}
      >
        {error && (!error.fields || homeless.length > 0) && <Refusal error={error} homeless={homeless} />}
        {children}
      </form>
    </FormContext.Provider>
  );
}

/** What belongs to no field: the refusal itself, and sentences about fields that are not shown. */
function Refusal({ error, homeless }: { error: PublicError; homeless: [string, string[]][] }) {
  const sentences = homeless.map(([path, words]) => `${path}: ${words.join(" ")}`);
  return (
    <Banner tone="bad" live title={error.detail}>
      {sentences.length > 0 && sentences.map((sentence) => <p key={sentence}>{sentence}</p>)}
      {error.provider?.hint}
    </Banner>
  );
}

type Errors = Record<string, string[]>;
type Answers = { answer: PublicError | null; given: Errors | undefined };

/** Whose fields are refused now: by the first check (`ask` starts a round with it), the answer, or another action; a change mends its field. */
function useFieldErrors(form: RefObject<HTMLFormElement | null>, { answer, given }: Answers) {
  const [own, setOwn] = useState<Errors>({});
  const [mended, setMended] = useState<ReadonlySet<string>>(new Set());
  const [round, setRound] = useState(0);
  const [seen, setSeen] = useState(given);
  if (given !== seen) {
    setSeen(given);
    setMended(new Set());
  }
  const all = Object.entries({ ...answer?.fields, ...given, ...own });
  const errors = Object.fromEntries(all.filter(([path]) => !mended.has(path)));

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new answer (or a new first check) moves the focus, a keystroke does not
  useEffect(() => {
    const first = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (first) first.focus();
    else if (answer) form.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
  }, [answer, given, round]);

  const ask = (problems: Errors) => {
    setOwn(problems);
    setMended(new Set());
    setRound(round + 1);
  };
  const mend = (name: string | null) => {
    if (name !== null && errors[name]) setMended(new Set([...mended, name]));
  };
  return { errors, ask, mend };
}

function firstCheck(schema: Schema, input: unknown): Errors {
  const problems: Errors = {};
  for (const issue of schema.safeParse(input).error?.issues ?? []) {
    const path = issue.path.map(String).join(".");
    problems[path] = [...(problems[path] ?? []), issue.message];
  }
  return problems;
}
