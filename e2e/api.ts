/** The public API as a customer's backend calls it. */
import type { Postmark } from "./postmark";

type Body = Record<string, unknown>;
export type Answer<T = Body> = { status: number; body: T };
export type Api = ReturnType<typeof apiWith>;
export type Connection = { id: string; display_name: string; webhook_url: string; webhook_secret: string };
export type Automation = { id: string; name: string; status: string };
type Workspace = { id: string; api: Api };

export function apiWith(appUrl: string, key: string) {
  const call = async <T = Body>(method: string, path: string, body?: object): Promise<Answer<T>> => {
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const answer = await fetch(`${appUrl}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as T };
  };
  /** @throws Error unless it is answered with 2xx */
  const ask = async <T = Body>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await call<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    call,
    ask,
    /** Tells who somebody is, and what they did. */
    async track(event: string, person: { id: string; email?: string; traits?: Body }, properties: Body = {}) {
      const traits = { ...(person.email && { email: person.email }), ...person.traits };
      await ask("POST", "/v1/events", { event: "$identify", external_id: person.id, traits });
      await ask("POST", "/v1/events", { event, external_id: person.id, properties });
    },
    /** The sends to an address, newest first. */
    sendsTo: async (projectId: string, email: string) =>
      (
        await ask<{ data: { id: string; status: string; reason: string | null }[] }>(
          "GET",
          `/v1/projects/${projectId}/sends?email=${encodeURIComponent(email)}`,
        )
      ).data,
  };
}

export function makeConnection({ id, api }: Workspace, postmark: Postmark, over: object = {}): Promise<Connection> {
  return api.ask<Connection>("POST", `/v1/projects/${id}/email-providers`, {
    provider: "postmark",
    display_name: "Production",
    server_token: postmark.serverToken,
    from_email: "hello@example.com",
    from_name: "Acme",
    ...over,
  });
}

export type Wanted = { name: string; event: string; reentry?: "once" | "every_time"; steps?: object[] };

/** An automation that is live: one email, unless other steps are given. */
export async function makeAutomation(
  { id, api }: Workspace,
  connection: Pick<Connection, "id">,
  { name, event, reentry = "every_time", steps = [emailStep(connection, `${name} for {{ profile.email }}`)] }: Wanted,
): Promise<Automation> {
  const trigger = { type: "event", event };
  const made = await api.ask<Automation>("POST", `/v1/projects/${id}/automations`, { name, trigger, reentry, steps });
  return api.ask<Automation>("POST", `/v1/automations/${made.id}/publish`, {});
}

export const emailStep = (connection: Pick<Connection, "id">, subject: string, over: object = {}) => ({
  id: "email",
  type: "send_email",
  email_provider_id: connection.id,
  subject,
  html: `<p>Hello {{ profile.first_name | default: 'there' }}</p><p><a href="https://example.com/start">Start</a></p>`,
  ...over,
});
