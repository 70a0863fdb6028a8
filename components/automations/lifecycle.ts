import type { Action } from "@/components/form/use-action";
import type { AnyAutomation, Automation, PublishPreview, UpdateAutomationInput } from "@/lib/automations/schema";

/** What becomes of those who are under way in another version when one is published. */
export type InFlight = "finish" | "move";

/** The server actions of one automation. */
export type Lifecycle = {
  update: Action<UpdateAutomationInput, Automation>;
  /** What publishing would move, counted now. */
  preview: Action<{ id: string }, PublishPreview>;
  publish: Action<{ id: string; in_flight: InFlight }, Automation>;
  pause: Action<{ id: string; queued: "hold" | "skip" }, AnyAutomation>;
  resume: Action<{ id: string; overdue: "send" | "skip" }, AnyAutomation>;
  archive: Action<{ id: string }, AnyAutomation>;
  remove: Action<{ id: string }, unknown>;
};
