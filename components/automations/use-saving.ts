"use client";

import { useRouter } from "next/navigation";
import { useRef, useState, useTransition } from "react";
import { settled } from "@/components/form/use-action";
import { toast } from "@/components/ui/toast";
import type { AnyAutomation } from "@/lib/automations/schema";
import type { PublicError } from "@/lib/errors";
import type { Lifecycle } from "./lifecycle";
import { checkDraft } from "./problems";
import type { useBuilderState } from "./use-builder-state";

/** Why it was not saved, or saved but not published. */
export type SavingError = { title: string; error: PublicError | null };

type Options = { automation: AnyAutomation; state: ReturnType<typeof useBuilderState>; lifecycle: Lifecycle };

/** Saves the draft, and publishes it when that is asked: first checked here, then by the server, with the same sentences. */
export function useSaving({ automation, state, lifecycle }: Options) {
  const router = useRouter();
  const [pending, start] = useTransition();
  const [error, setError] = useState<SavingError | null>(null);
  const busy = useRef(false);
  const { draft, dirty, refuse, accept } = state;
  const { id } = automation;

  const refused = (title: string, problem: PublicError) => {
    setError({ title, error: problem });
    refuse(problem.fields ?? {}, true);
  };
  const work = async (publishing: boolean) => {
    const checked = checkDraft(draft);
    if (!checked.ok) {
      setError({ title: publishing ? "It was not published." : "The draft was not saved.", error: null });
      return refuse(checked.problems, false);
    }
    if (dirty || automation.definition_error !== null || !publishing) {
      const saved = await settled(lifecycle.update, { id, ...checked.input });
      if (!saved.ok) return refused("The draft was not saved.", saved.error);
      accept(draft);
    }
    if (publishing) {
      const published = await settled(lifecycle.publish, { id });
      // Reading the page again would wait for a server that cannot be reached.
      if (!published.ok && published.error.error !== "server_error") router.refresh();
      if (!published.ok) return refused("The draft is saved, but it was not published.", published.error);
      toast.success(`Published. Version ${published.value.live_version} is live.`);
    } else toast.success("Draft saved.");
    setError(null);
    accept(draft);
    router.refresh();
  };
  const run = (publishing: boolean) => {
    if (busy.current) return;
    busy.current = true;
    start(async () => {
      try {
        await work(publishing);
      } finally {
        busy.current = false;
      }
    });
  };
  return { pending, error, save: () => run(false), publish: () => run(true) };
}
