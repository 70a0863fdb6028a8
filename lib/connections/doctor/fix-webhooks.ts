import "server-only";
import { AppError } from "../../errors";
import { failureSentence, type ProviderSetup } from "../provider-setup";
import { done } from "./answers";
import type { DoctorFacts } from "./facts";
import { duplicatesOf, isOurs, webhookPlan } from "./webhook-plan";

/** Does what the plan of a stream's webhook says: registers, repairs or verifies. */
export async function mendWebhook(setup: ProviderSetup, facts: DoctorFacts, stream: string): Promise<void> {
  const { hook } = facts;
  const ours = done(facts.webhooks).filter((webhook) => webhook.stream === stream && isOurs(webhook, hook));
  const plan = webhookPlan(ours, facts);
  if (hook.secret === null) throw new AppError("conflict", "The webhook secret cannot be read here. Rotate it first.");
  const wanted = { url: hook.url, stream, username: "gflux", password: hook.secret };
  switch (plan.kind) {
    case "register":
      done(await setup.createWebhook(wanted));
      return;
    case "verify":
      return verify(setup, plan.webhook.id);
    case "fine":
    case "edit":
      done(await setup.editWebhook(plan.webhook.id, wanted));
      // An edit verifies the webhook as a whole; kinds that were paused are another matter.
      if ((facts.statistics.get(plan.webhook.id)?.paused.length ?? 0) > 0) await verify(setup, plan.webhook.id);
  }
}

async function verify(setup: ProviderSetup, id: string): Promise<void> {
  const { verified, failures } = done(await setup.verifyWebhook(id));
  if (verified) return;
  const message = failureSentence(failures);
  const hint = "This installation must answer at APP_URL from the internet. Look at proxy, firewall and certificate.";
  throw new AppError("provider_rejected", message, { provider: { code: "rejected", message, hint } });
}

/** Webhook unknown (reference §2.5): somebody else has removed it. */
const goneCode = 1352;
const removedMax = 20;

/** Deletes ours that others of ours make needless, one after the other; strangers' stay. */
export async function removeDuplicates(setup: ProviderSetup, facts: DoctorFacts): Promise<void> {
  for (const { id } of duplicatesOf(done(facts.webhooks), facts).slice(0, removedMax)) {
    const answer = await setup.deleteWebhook(id);
    if (!(answer.kind === "refused" && answer.code === goneCode)) done(answer);
  }
}
