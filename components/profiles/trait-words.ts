type Shown = { text: string; type: "text" | "time" | "number" | "yes or no" | "list" | "object" | "empty" };

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** A trait as people read it. Text stays as it is; lists and objects are JSON. */
export function shownTrait(value: unknown): Shown {
  switch (typeof value) {
    case "string":
      return value === "" ? { text: "(empty text)", type: "text" } : { text: value, type: textType(value) };
    case "number":
      return { text: String(value), type: "number" };
    case "boolean":
      return { text: value ? "true" : "false", type: "yes or no" };
    default:
      if (value === null || value === undefined) return { text: "null", type: "empty" };
      return { text: JSON.stringify(value, null, 2), type: Array.isArray(value) ? "list" : "object" };
  }
}

const textType = (value: string) => (instant.test(value) && !Number.isNaN(Date.parse(value)) ? "time" : "text");
