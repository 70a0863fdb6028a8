/**
 * draft: made by a person; nobody enters before it is published. live: published or resumed; people enter and advance.
 * paused: by a person; nobody enters or advances, and what is queued waits. archived: by a person, for good; kept for its history.
 */
export const automationStatuses = ["draft", "live", "paused", "archived"] as const;
export type AutomationStatus = (typeof automationStatuses)[number];
export type AutomationAction = "edit" | "publish" | "pause" | "resume" | "archive" | "delete";

type Next = { to: AutomationStatus | "deleted" } | { refusal: string };
const to = (status: AutomationStatus | "deleted"): Next => ({ to: status });
const no = (refusal: string): Next => ({ refusal });

const running = "People may be in it. Archive it first, then delete it.";

/** What each action makes of each status, or why it cannot. */
const changes: Record<AutomationStatus, Record<AutomationAction, Next>> = {
  draft: {
    edit: to("draft"),
    publish: to("live"),
    pause: no("It was never published, so there is nothing to pause."),
    resume: no("It was never published. Publish it to start it."),
    archive: to("archived"),
    delete: to("deleted"),
  },
  live: {
    edit: to("live"),
    publish: to("live"),
    pause: to("paused"),
    resume: no("It is live already; only a paused automation can be resumed."),
    archive: to("archived"),
    delete: no(running),
  },
  paused: {
    edit: to("paused"),
    publish: to("live"),
    pause: to("paused"), // again, because `queued: "skip"` may come as an afterthought
    resume: to("live"),
    archive: to("archived"),
    delete: no(running),
  },
  archived: {
    edit: no("It is archived and stays as it is. Make a new one instead."),
    publish: no("It is archived and cannot run again. Make a new one instead."),
    pause: no("It is archived, so there is nothing to pause."),
    resume: no("It is archived and cannot run again. Make a new one instead."),
    archive: no("It is archived already."),
    delete: to("deleted"),
  },
};

/** What an automation of this status becomes by an action, or the sentence why it cannot. */
export const change = (from: AutomationStatus, action: AutomationAction): Next => changes[from][action];

/** Why an action is not possible in this status; null when it is. For buttons. */
export function refusalOf(from: AutomationStatus, action: AutomationAction): string | null {
  const next = change(from, action);
  return "refusal" in next ? next.refusal : null;
}
