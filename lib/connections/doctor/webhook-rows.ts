import { streamProblem } from "../streams";
import { type DoctorFacts, ownStream, streamsInUse, streamsOf } from "./facts";
import type { DoctorFix, RowDraft } from "./row";
import { duplicatesOf, isOurs, type WebhookPlan, webhookPlan, withoutUser } from "./webhook-plan";

/** How news of mail comes back: whether Postmark can call us, a webhook of ours for each stream in use, and no second one. */
export function webhookRows(facts: DoctorFacts): RowDraft[] {
  return [
    reachRow(facts, fallback),
    ...streamsInUse(facts).map((stream) => webhookRow(facts, stream)),
    ...duplicatesRow(facts),
  ];
}

const fallback =
  "Until then deliveries, bounces, opens, clicks and unsubscribes are read from Postmark now and then, which is slower and tells less.";

/** `without`: what there is while webhooks cannot come. */
export function reachRow({ reach, hook, newestHookAt }: DoctorFacts, without: string): RowDraft {
  const about = { id: "reach", title: "Reachable from outside" };
  const facts = [
    { label: "Webhook URL", value: hook.url },
    { label: "Newest webhook", value: newestHookAt?.toISOString() ?? "none came yet" },
  ];
  if (reach.kind === "local")
    return {
      ...about,
      facts,
      state: "warning",
      summary: `APP_URL names “${reach.host}”, which Postmark cannot reach from the internet.`,
      meaning: `So webhooks cannot come. ${without} To have webhooks, set APP_URL to this installation’s public https address.`,
    };
  const open = hook.url.startsWith("http:")
    ? " It is plain http, so the secret travels in clear: set APP_URL to an https address."
    : "";
  return {
    ...about,
    facts,
    state: "good",
    summary: newestHookAt === null ? "The address can be reached, as far as its name tells." : "Webhooks arrive here.",
    meaning: `Postmark calls this address with news of every mail.${open}`,
  };
}

const meaning =
  "Without its webhook, a stream’s deliveries, bounces, complaints, opens, clicks and unsubscribes are learned late or not at all.";

const sealedHook =
  "The webhook secret cannot be read here, so nothing that webhooks bring can be taken: its encryption key is missing. Restore ENCRYPTION_KEYS, or rotate the secret under “Webhook” and then repair the webhook here.";

function webhookRow(facts: DoctorFacts, stream: string): RowDraft {
  const about = { id: `webhook:${stream}`, title: `Webhook of “${stream}”`, meaning };
  const { webhooks } = facts;
  if (facts.check.kind !== "ready" || webhooks.kind !== "ok")
    return {
      ...about,
      state: "cannot_know",
      summary: "The server’s webhooks could not be read. Check again in a minute.",
    };
  if (stream === ownStream(facts) && streamProblem({ streams: streamsOf(facts) }, stream) !== null)
    return { ...about, state: "cannot_know", summary: "Mend the stream first: it cannot have a webhook as it is." };
  if (facts.hook.secret === null) return { ...about, state: "broken", summary: sealedHook };
  const here = webhooks.value.filter((webhook) => webhook.stream === stream);
  const ours = here.filter((webhook) => isOurs(webhook, facts.hook));
  const plan = webhookPlan(ours, facts);
  const shown = [
    ...(plan.kind === "register" ? [] : shownOf(plan, facts)),
    { label: "Others’ webhooks, left alone", value: String(here.length - ours.length) },
  ];
  const judged = judge(plan, stream, facts);
  // Postmark verifies by calling us: what cannot be reached cannot be registered.
  if (facts.reach.kind === "local" && plan.kind !== "fine")
    return { ...about, facts: shown, state: "warning", summary: judged.summary, meaning: `${meaning} ${fallback}` };
  return { ...about, facts: shown, ...judged };
}

function shownOf(plan: Exclude<WebhookPlan, { kind: "register" }>, { statistics }: DoctorFacts) {
  const { id, url, verified, triggers } = plan.webhook;
  const counted = statistics.get(id);
  return [
    { label: "Id at Postmark", value: id },
    { label: "URL", value: withoutUser(url) },
    { label: "Reports", value: triggers.join(", ") || "nothing" },
    { label: "Verified", value: verified ? "yes" : "no" },
    ...(counted
      ? [{ label: "Calls in 24 hours", value: `${counted.requests}, of which ${counted.failures} failed` }]
      : []),
  ];
}

function judge(plan: WebhookPlan, stream: string, { hook }: DoctorFacts): Pick<RowDraft, "state" | "summary" | "fix"> {
  const fix = (label: string, changes: string[]): DoctorFix => ({ id: `webhook:${stream}`, label, changes });
  const probes = "Postmark posts a sample of each kind to this address before it saves.";
  switch (plan.kind) {
    case "fine":
      return plan.oldSecret
        ? {
            state: "warning",
            summary: "It carries the secret from before the rotation, which is good for 24 hours only.",
            fix: fix("Give it the new secret", [
              `Webhook ${plan.webhook.id} gets the new secret at Postmark. ${probes}`,
            ]),
          }
        : { state: "good", summary: "It is registered, verified, and reports everything." };
    case "register":
      return {
        state: "broken",
        summary: "This stream has no webhook of ours.",
        fix: fix("Register the webhook", [
          `A webhook to ${hook.url} with the connection’s secret and all six kinds of news is created on “${stream}” at Postmark. ${probes}`,
        ]),
      };
    case "edit":
      return {
        state: plan.grave ? "broken" : "warning",
        summary: plan.problems.join(" "),
        fix: fix("Repair the webhook", [
          `Webhook ${plan.webhook.id} of “${stream}” at Postmark gets the URL ${hook.url}, the connection’s secret and all six kinds of news. ${probes}`,
        ]),
      };
    case "verify":
      return {
        state: "broken",
        summary: plan.problems.join(" "),
        fix: fix("Verify the webhook", [
          `Postmark posts a sample of each kind to webhook ${plan.webhook.id} again, and sends on when all are answered.`,
        ]),
      };
  }
}

/** Only where the webhooks are known, and which of them carries the right secret: others are deleted. */
function duplicatesRow({ webhooks, ...facts }: DoctorFacts): RowDraft[] {
  if (webhooks.kind !== "ok" || facts.hook.secret === null) return [];
  const about = { id: "duplicates", title: "Duplicate webhooks" };
  const doubles = duplicatesOf(webhooks.value, facts);
  const meaning = "Two of ours on one stream bring the same news twice. It is counted once, but costs calls.";
  if (doubles.length === 0) return [{ ...about, meaning, state: "good", summary: "No stream has two of ours." }];
  return [
    {
      ...about,
      meaning,
      state: "warning",
      summary: `${doubles.length} of ours ${doubles.length === 1 ? "is" : "are"} needless.`,
      facts: doubles.map(({ id, stream, url }) => ({ label: `${id} on “${stream}”`, value: withoutUser(url) })),
      fix: {
        id: "remove_duplicates",
        label: "Remove the duplicates",
        changes: doubles.map(({ id, stream }) => `Webhook ${id} of “${stream}”, one of ours, is deleted at Postmark.`),
      },
    },
  ];
}
