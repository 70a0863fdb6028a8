type Trial = { eventsUrl: string; key: string; kind: "secret" | "publishable" };

/** A command that can be pasted into a shell and sends one event: by a server about a user, by a browser about a visitor. */
export function curlForKey({ eventsUrl, key, kind }: Trial): string {
  const who = kind === "secret" ? { external_id: "user_1" } : { anonymous_id: "visitor_1" };
  return [
    `curl -X POST '${eventsUrl}' \\`,
    `  -H 'Authorization: Bearer ${key}' \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify({ event: "signed_up", ...who, properties: { plan: "free" } })}'`,
  ].join("\n");
}
