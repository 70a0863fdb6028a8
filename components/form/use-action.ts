"use client";

import { useRouter } from "next/navigation";
import { useCallback, useRef, useState, useTransition } from "react";
import { toast } from "@/components/ui/toast";
import type { ActionResult, PublicError } from "@/lib/errors";

/** A server action as pages hand it down: bound to its workspace, taking the operation's input. */
export type Action<I, T = unknown> = (input: I) => Promise<ActionResult<T>>;

/** An action that a form fills: any input will do, because a form is untyped by nature and the operation parses what it is given. */
export type FormAction<T = unknown> = (input: never) => Promise<ActionResult<T>>;

/** Hands what a form holds to an action. The only place where a form's fields pass for an operation's input. */
export const submit = <T>(action: FormAction<T>, input: unknown): Promise<ActionResult<T>> => action(input as never);

type Options<T> = {
  onSuccess?: (value: T) => void;
  /** Said in a toast when it went well. */
  success?: string;
  /** Reads the page again after success, so that it shows what changed; on unless false. */
  refresh?: boolean;
};

const lost: PublicError = {
  error: "server_error",
  detail: "The server could not be reached. Check your connection and try again.",
};

/**
 * Runs a server action: `const { run, pending, error } = useAction(save, { success: "Saved." })`. One call at a time; a lost
 * connection becomes an error like any other. Redirects pass through.
 */
export function useAction<I, T>(action: Action<I, T>, { onSuccess, success, refresh = true }: Options<T> = {}) {
  const router = useRouter();
  const [pending, start] = useTransition();
  const [error, setError] = useState<PublicError | null>(null);
  const busy = useRef(false);

  const run = (input: I) => {
    if (busy.current) return;
    busy.current = true;
    start(async () => {
      const result = await settled(action, input);
      busy.current = false;
      setError(result.ok ? null : result.error);
      if (!result.ok) return;
      if (success) toast.success(success);
      onSuccess?.(result.value);
      if (refresh) router.refresh(); // after onSuccess: where that leaves the page, the next one is read and not this one
    });
  };
  return { run, pending, error, clear: useCallback(() => setError(null), []) };
}

/**
 * Calls a server action; a lost connection becomes an error like any other. A failed fetch is a TypeError in every browser; anything
 * else that is thrown (a redirect) is Next's own business.
 */
export async function settled<I, T>(action: Action<I, T>, input: I): Promise<ActionResult<T>> {
  try {
    return await action(input);
  } catch (thrown) {
    if (thrown instanceof TypeError) return { ok: false, error: lost };
    throw thrown;
  }
}
