import type { Alert, Connection } from "@/lib/connections/schema";

type Trouble = { id: string; title: string; why: string; href: string; fix: string };

/**
 * What the banners above every page say of connections: those that fail, and alerts that go on, but nothing that somebody has
 * acknowledged. A connection that fails is shown at once, before its alert has opened.
 */
export function troublesOf(
  connections: readonly Pick<Connection, "id" | "display_name" | "status" | "last_error">[],
  alerts: readonly Alert[],
  path: string,
): Trouble[] {
  const known = new Set(
    alerts.flatMap((one) => (one.kind === "failing" && one.acknowledged_at ? one.connection.id : [])),
  );
  const failing = connections.filter(({ id, status }) => status === "failing" && !known.has(id));
  const shown = new Set(failing.map(({ id }) => id));
  const others = alerts.filter(
    (one) => one.acknowledged_at === null && !(one.kind === "failing" && shown.has(one.connection.id)),
  );
  const place = (id: string) => ({ href: `${path}/${id}`, fix: "Open connection" });
  return [
    ...failing.map(({ id, display_name: name, last_error: why }) => ({
      id,
      title: `“${name}” is failing, so its sends are held.`,
      why: why ?? "The last call to it was refused.",
      ...place(id),
    })),
    ...others.map(({ id, connection, sentence }) => ({
      id,
      title: sentence,
      why: "See what was refused or reported, then acknowledge it there.",
      ...place(connection.id),
    })),
  ];
}
