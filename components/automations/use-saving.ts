"use client";

import { useRouter } from "next/navigation";
import { useRef, useState, useTransition } from "react";
import { settled } from "@/components/form/use-action";
import { toast } from "@/components/ui/toast";
import type { AnyAutomation, PublishPreview } from "@/lib/automations/schema";
import type { PublicError } from "@/lib/errors";
import type { InFlight, Lifecycle } from "./lifecycle";
import { checkDraft } from "./problems";
import type { useBuilderState } from "./use-builder-state";

/** Why it was not saved, or saved but not published. */
export type SavingError = { title: string; error: PublicError | null };

type Options = { automation: AnyAutomation; state: ReturnType<typeof useBuilderState>; lifecycle: Lifecycle };

const notPublished = "The draft is saved, but it was not published.";

/**
 * Saves the draft, and publishes it when that is asked: first checked here, then by the server, with the same sentences. While people
 * are under way in another version, `asking` holds who they are until it is said what becomes of them.
 */
export function useSaving({ automation, state, lifecycle }: Options) {
  const router = useRouter();
  const { pending, run } = useOneAtATime();
  const [error, setError] = useState<SavingError | null>(null);
  const [asking, setAsking] = useState<PublishPreview | null>(null);
  const { draft, dirty, refuse, accept } = state;
  const { id } = automation;

  const refused = (title: string, problem: PublicError) => {
    setAsking(null);
    setError({ title, error: problem });
    refuse(problem.fields ?? {}, true);
    return false;
  };
  /** @returns whether what is on the screen is what is stored */
  const store = async (publishing: boolean): Promise<boolean> => {
    const checked = checkDraft(draft);
    if (!checked.ok) {
      setError({ title: publishing ? "It was not published." : "The draft was not saved.", error: null });
      refuse(checked.problems, false);
      return false;
    }
    if (publishing && !dirty && automation.definition_error === null) return true;
    const saved = await settled(lifecycle.update, { id, ...checked.input });
    if (!saved.ok) return refused("The draft was not saved.", saved.error);
    accept(draft);
    return true;
  };
  const done = () => {
    setError(null);
    accept(draft);
    router.refresh();
  };
  const publishAs = async (inFlight: InFlight) => {
    const published = await settled(lifecycle.publish, { id, in_flight: inFlight });
    // Reading the page again would wait for a server that cannot be reached.
    if (!published.ok && published.error.error !== "server_error") router.refresh();
    if (!published.ok) return refused(notPublished, published.error);
    setAsking(null);
    toast.success(`Published. Version ${published.value.live_version} is live.`);
    return done();
  };
  /** Who is under way; null when that could not be told, which is then shown. */
  const look = async () => {
    const preview = await settled(lifecycle.preview, { id });
    if (preview.ok) return preview.value;
    refused(notPublished, preview.error);
    return null;
  };
  /** Where nobody is under way, there is nothing to ask. */
  const ask = async () => {
    const found = await look();
    if (found === null) return;
    if (found.people === 0) return publishAs("finish");
    setError(null);
    router.refresh(); // the draft may just have been saved, and whoever cancels has something to publish
    return setAsking(found);
  };
  return {
    pending,
    error,
    save: () =>
      run(async () => {
        if (!(await store(false))) return;
        toast.success("Draft saved.");
        done();
      }),
    publish: () =>
      run(async () => {
        if (!(await store(true))) return;
        await (automation.live_version === null ? publishAs("finish") : ask());
      }),
    asking,
    publishAs: (inFlight: InFlight) => run(() => publishAs(inFlight)),
    recount: () =>
      run(async () => {
        const found = await look();
        if (found !== null) setAsking(found);
      }),
    cancel: () => setAsking(null),
  };
}

/** Runs work that waits for the server; what is asked meanwhile is ignored. */
function useOneAtATime() {
  const [pending, start] = useTransition();
  const busy = useRef(false);
  const run = (work: () => Promise<unknown>) => {
    if (busy.current) return;
    busy.current = true;
    start(async () => {
      try {
        await work();
      } finally {
        busy.current = false;
      }
    });
  };
  return { pending, run };
}
