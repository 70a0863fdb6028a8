import type { StartStep } from "./getting-started";

type Facts = {
  slug: string;
  appUrl: string;
  /** What the first live automation waits for, if there is one. */
  event: string;
  hasConnection: boolean;
  hasAutomation: boolean;
  hasPeople: boolean;
  hasSends: boolean;
};

/** The way from an empty workspace to the first email, in order. */
export function startSteps(facts: Facts): StartStep[] {
  const at = (path: string) => `/${facts.slug}${path}`;
  return [
    {
      title: "Connect Postmark",
      why: "Email leaves from your own Postmark server. All it takes is the server’s API token.",
      done: facts.hasConnection,
      action: { href: at("/configuration/connections/new/postmark"), label: "Connect Postmark" },
    },
    {
      title: "Publish an automation",
      why: "It says which event starts it, who is let in, and which emails follow.",
      done: facts.hasAutomation,
      action: { href: at("/automations"), label: "Open automations" },
    },
    {
      title: "Send your first event",
      why: "Tell who the person is, then what they did. Put a secret key into GFLUX_KEY; it is shown once when it is made.",
      done: facts.hasPeople,
      command: eventCommand(facts),
      action: { href: at("/settings/keys"), label: "Make a key" },
    },
    {
      title: "See the first email leave",
      why: "The send log shows every email with its delivery, opens and clicks, seconds after they happen.",
      done: facts.hasSends,
      command: facts.hasPeople ? eventCommand(facts) : undefined,
      action: { href: at("/sends"), label: "Open send log" },
    },
  ];
}

/** Two calls to paste: who it is, and what happened. */
export function eventCommand({ appUrl, event }: Pick<Facts, "appUrl" | "event">): string {
  const call = (path: string, body: object) =>
    [
      `curl -X POST ${appUrl}${path} \\`,
      '  -H "Authorization: Bearer $GFLUX_KEY" -H "Content-Type: application/json" \\',
      `  -d '${JSON.stringify(body)}'`,
    ].join("\n");
  const person = { external_id: "user_1", traits: { email: "you@example.com", first_name: "Ada" } };
  return [call("/v1/identify", person), call("/v1/events", { event, external_id: "user_1" })].join("\n\n");
}
