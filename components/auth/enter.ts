import { signIn } from "next-auth/react";
import type { ActionResult } from "@/lib/errors";

/** Signs in through next-auth; a refusal comes back as a sentence, like that of any action. */
export async function enter({ email, password }: { email: string; password: string }): Promise<ActionResult<null>> {
  const answer = await signIn("credentials", { email, password, redirect: false });
  if (answer?.ok) return { ok: true, value: null };
  const detail = answer?.error ?? "Signing in did not work. Try again.";
  return { ok: false, error: { error: "unauthenticated", detail } };
}

/** A whole new page, so that nothing read under another session stays. */
export const goTo = (path: string): void => window.location.assign(path);
