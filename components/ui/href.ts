/** A path with a query; what is empty or missing is left out: `hrefWith("/sends", { status: "sent", q: "" })` → `/sends?status=sent`. */
export function hrefWith(path: string, query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  const text = new URLSearchParams(given.filter(([, value]) => value.trim() !== "")).toString();
  return text === "" ? path : `${path}?${text}`;
}
