/** The demo's automations: what teams of this kind write first. */

export type DemoAutomation = {
  key: "welcome" | "trial" | "payment" | "activation" | "invite";
  status: "live" | "draft";
  name: string;
  definition: Definition;
};
type Step = { id: string; type: string; [field: string]: unknown };
type Definition = {
  trigger: { type: "event"; event: string; where: unknown; source: "any" | "server" };
  audience: unknown;
  reentry: "once" | "every_time";
  exit_when: { event: string; where: null }[] | null;
  goal: null;
  steps: Step[];
};

export function automationsOf(connectionId: string): DemoAutomation[] {
  const email = (
    id: string,
    subject: string,
    paragraphs: string[],
    button?: { label: string; href: string },
  ): Step => ({
    id,
    type: "send_email",
    email_provider_id: connectionId,
    subject,
    html: htmlOf(paragraphs, button),
    text: textOf(paragraphs, button),
    template_id: null,
    from_email: null,
    from_name: null,
    reply_to_email: null,
    message_stream: null,
  });
  const automation = (
    key: DemoAutomation["key"],
    name: string,
    over: Partial<Definition> & { event: string; steps: Step[]; status?: "live" | "draft" },
  ): DemoAutomation => {
    const { event, status = "live", ...rest } = over;
    const trigger = { type: "event" as const, event, where: null, source: "any" as const };
    return {
      key,
      status,
      name,
      definition: { trigger, audience: null, reentry: "once", exit_when: null, goal: null, ...rest },
    };
  };
  return [
    automation("welcome", "Welcome", {
      event: "signed_up",
      steps: [
        email(
          "welcome",
          "Welcome, {{ profile.first_name | default: 'there' }}",
          [
            "Hello {{ profile.first_name | default: 'there' }},",
            "thank you for signing up. The quickest way to see what this is about is to create your first project.",
          ],
          { label: "Create a project", href: "https://example.com/projects/new" },
        ),
        {
          id: "next-morning",
          type: "delay",
          for: "P1D",
          until: { time: "09:00", weekdays: ["mon", "tue", "wed", "thu", "fri"], timezone: "profile" },
        },
        {
          id: "by-plan",
          type: "branch",
          branches: [
            {
              when: { field: "profile.plan", op: "eq", value: "team" },
              steps: [
                email(
                  "invite-colleagues",
                  "Bring your colleagues along",
                  ["{{ profile.first_name }}, projects are more useful with the people you work with."],
                  {
                    label: "Invite colleagues",
                    href: "https://example.com/team",
                  },
                ),
              ],
            },
          ],
          else: [
            email(
              "first-steps",
              "Three first steps",
              ["Here is what most people do in their first week: create a project, add a task, share it."],
              {
                label: "Show me",
                href: "https://example.com/first-steps",
              },
            ),
          ],
        },
      ],
    }),
    automation("trial", "Trial ends in three days", {
      event: "trial_ending",
      audience: { field: "profile.plan", op: "neq", value: "team" },
      steps: [
        email(
          "trial-ending",
          "Your trial ends on {{ event.ends_on }}",
          ["Keep your projects: choose a plan before {{ event.ends_on }}."],
          {
            label: "Choose a plan",
            href: "https://example.com/billing",
          },
        ),
      ],
    }),
    automation("payment", "Payment failed", {
      event: "payment_failed",
      reentry: "every_time",
      steps: [
        email(
          "card-declined",
          "We could not charge your card",
          ["The payment of {{ event.amount }} {{ event.currency }} did not go through."],
          {
            label: "Update the card",
            href: "https://example.com/billing/card",
          },
        ),
        { id: "three-days", type: "delay", for: "P3D" },
        email(
          "second-notice",
          "Second notice: your card was declined",
          ["Please update your card, so that your projects stay open."],
          {
            label: "Update the card",
            href: "https://example.com/billing/card",
          },
        ),
      ],
    }),
    automation("activation", "Trial: first project", {
      event: "trial_started",
      exit_when: [{ event: "subscribed", where: null }],
      steps: [
        {
          id: "first-project",
          type: "wait_for",
          event: "project_created",
          where: null,
          timeout: "P2D",
          then: [{ id: "activated", type: "update_profile", set: { activated: true } }],
          else: [
            {
              id: "nudge",
              type: "split",
              variants: [
                {
                  id: "short",
                  weight: 50,
                  steps: [
                    email(
                      "nudge-short",
                      "Your first project takes two minutes",
                      ["Give it a name, and you are set up."],
                      {
                        label: "Create a project",
                        href: "https://example.com/projects/new",
                      },
                    ),
                  ],
                },
                {
                  id: "story",
                  weight: 50,
                  steps: [
                    email(
                      "nudge-story",
                      "How others began",
                      ["Most people begin with a list of what they have promised to whom. Here is one to copy."],
                      { label: "Copy the list", href: "https://example.com/templates/promises" },
                    ),
                  ],
                },
              ],
            },
          ],
        },
      ],
    }),
    automation("invite", "Invited but not joined", {
      event: "invitation_sent",
      status: "draft",
      steps: [
        email("reminder", "{{ event.inviter }} is waiting for you", ["Your invitation is still open."], {
          label: "Join",
          href: "https://example.com/join",
        }),
      ],
    }),
  ];
}

const htmlOf = (paragraphs: string[], button?: { label: string; href: string }) =>
  [
    ...paragraphs.map((paragraph) => `<p>${paragraph}</p>`),
    ...(button ? [`<p><a href="${button.href}">${button.label}</a></p>`] : []),
    `<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>`,
  ].join("\n");

const textOf = (paragraphs: string[], button?: { label: string; href: string }) =>
  [...paragraphs, ...(button ? [`${button.label}: ${button.href}`] : []), "Unsubscribe: {{ unsubscribe_url }}"].join(
    "\n\n",
  );
