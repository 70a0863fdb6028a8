import { type AutomationDefinition, innerLists, type Step } from "@/lib/automations/schema";

/** Where somebody stands, for people. */
export type Stand = {
  /** What happens there: `Waits for activated`. */
  doing: string;
  /** Whether it ends at a known time at the latest. */
  ends: boolean;
  /** The variants that they are in, from the outside in: `variant b of ab`. */
  variants: string[];
};

/** Where the step of a version is at which a run stands; null where the version has no such step. */
export function standAt(definition: Pick<AutomationDefinition, "steps">, stepId: string): Stand | null {
  const trail = trailTo(definition.steps, stepId);
  const step = trail?.at(-1)?.step;
  if (!trail || !step) return null;
  const variants = trail.flatMap(({ step: outer, way }) => {
    const variant = outer.type === "split" && way !== null ? outer.variants[way] : undefined;
    return variant ? [`variant ${variant.id} of ${outer.id}`] : [];
  });
  return { ...doingAt(step), variants };
}

type Along = {
  step: Step /** The number of the inner list that the trail goes into; null at its end. */;
  way: number | null;
};

function trailTo(steps: readonly Step[], id: string): Along[] | null {
  for (const step of steps) {
    if (step.id === id) return [{ step, way: null }];
    for (const [way, inner] of innerLists(step).entries()) {
      const rest = trailTo(inner.steps, id);
      if (rest) return [{ step, way }, ...rest];
    }
  }
  return null;
}

function doingAt(step: Step): Omit<Stand, "variants"> {
  switch (step.type) {
    case "send_email":
      return { doing: `Gets “${step.subject}”`, ends: false };
    case "delay":
      return { doing: "Waits", ends: true };
    case "wait_for":
      return { doing: `Waits for ${step.event}`, ends: true };
    case "branch":
      return { doing: "At a branch", ends: false };
    case "split":
      return { doing: "At a split", ends: false };
    case "update_profile":
      return { doing: "Is updated", ends: false };
    case "exit":
      return { doing: "Leaves", ends: false };
  }
}
