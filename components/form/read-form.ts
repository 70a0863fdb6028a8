/**
 * What a form holds, as the input of an operation: checkboxes as booleans, `type=number` as numbers, the rest as text.
 * A dotted name makes an inner object (`trigger.event`). An empty control marked `data-empty="null"` (see `<Field optional>`)
 * reads as null, `data-empty="omit"` not at all; several controls of one name marked `data-list` make a list.
 */
export function readForm(form: HTMLFormElement): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const element of form.elements) {
    if (!isControl(element) || element.name === "" || element.disabled) continue;
    if (element instanceof HTMLInputElement && element.type === "radio" && !element.checked) continue;
    const value = readControl(element);
    if (value !== undefined) place(input, element.name.split("."), value, element.dataset.list !== undefined);
  }
  return input;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const isControl = (element: Element): element is Control =>
  element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;

function readControl(element: Control): unknown {
  if (element instanceof HTMLInputElement && element.type === "checkbox") {
    if (element.dataset.list === undefined) return element.checked;
    return element.checked ? element.value : undefined;
  }
  if (element.value === "" && element.dataset.empty === "omit") return undefined;
  if (element.value === "" && element.dataset.empty === "null") return null;
  if (element.type === "number") return element.value === "" ? null : Number(element.value);
  return element.value;
}

function place(target: Record<string, unknown>, path: string[], value: unknown, list: boolean): void {
  const [head = "", ...rest] = path;
  if (rest.length > 0) {
    const inner = target[head];
    const next: Record<string, unknown> = typeof inner === "object" && inner !== null ? { ...inner } : {};
    place(next, rest, value, list);
    target[head] = next;
    return;
  }
  if (!list) target[head] = value;
  else target[head] = [...(Array.isArray(target[head]) ? target[head] : []), value];
}
