import type { Action } from "@/components/form/use-action";
import type { AnyAutomation, Automation, UpdateAutomationInput } from "@/lib/automations/schema";

/** The server actions of one automation. */
export type Lifecycle = {
  update: Action<UpdateAutomationInput, Automation>;
  publish: Action<{ id: string }, Automation>;
  pause: Action<{ id: string; queued: "hold" | "skip" }, AnyAutomation>;
  resume: Action<{ id: string; overdue: "send" | "skip" }, AnyAutomation>;
  archive: Action<{ id: string }, AnyAutomation>;
  remove: Action<{ id: string }, unknown>;
};
