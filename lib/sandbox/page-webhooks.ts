import { ago, type Html, html } from "./markup";
import { triggerNames } from "./schema";
import type { HookDelivery, Webhook, WorldState } from "./state";

const deliveriesShown = 20;

/** Who is told of what happens here, a form for one more, and how the latest deliveries went. Passwords are not shown. */
export function webhooksPage(world: WorldState, csrf: string): { title: string; heading: string; body: Html } {
  const streams = world.streams.filter((s) => s.type !== "Inbound" && s.archivedAtMs === null);
  const latest = world.hooks.slice(-deliveriesShown).reverse();
  const action = `${world.baseUrl}/outbox/webhooks/act`;
  const token = html`<input type="hidden" name="csrf" value="${csrf}">`;
  const body = html`
<p><a href="${world.baseUrl}/outbox">Back to the outbox</a></p>
<section class="card"><h2>Webhooks</h2>
${world.webhooks.length === 0 && html`<p class="soft">None yet: nobody hears of deliveries, opens, clicks and bounces.</p>`}
${world.webhooks.map(
  (webhook) => html`<form class="row" method="post" action="${action}">${token}
<span>${describe(webhook)}</span><button name="remove" value="${webhook.id}">Remove</button></form>`,
)}
</section>
<section class="card"><h2>Add a webhook</h2>
<form method="post" action="${action}">${token}
<p><label>URL (this machine only)<br><input name="url" type="url" required style="width:100%"></label></p>
<p><label>Stream<br><select name="stream">${streams.map((s) => html`<option>${s.id}</option>`)}</select></label></p>
<p><label>User name<br><input name="username" autocomplete="off"></label></p>
<p><label>Password<br><input name="password" type="password" autocomplete="off"></label></p>
<button>Add, with all six events</button>
</form></section>
<section class="card" id="deliveries" data-live><h2>Latest deliveries</h2>
${latest.length === 0 ? html`<p class="soft">None yet.</p>` : html`<ul>${latest.map((d) => line(d, world.clock.nowMs()))}</ul>`}
</section>`;
  return { title: `Webhooks · ${world.server.name}`, heading: `Webhooks of ${world.server.name}`, body };
}

function describe(webhook: Webhook): string {
  const url = new URL(webhook.url);
  const auth = webhook.auth !== null || url.username !== "";
  url.username = "";
  url.password = "";
  const events = triggerNames.filter((name) => webhook.triggers[name].enabled);
  const which = events.length === triggerNames.length ? "all events" : events.join(", ");
  return `${url.href} · ${webhook.stream} · ${which}${auth ? " · with password" : ""}${webhook.verified ? "" : " · unverified"}`;
}

function line(delivery: HookDelivery, now: number): Html {
  const last = delivery.attempts.at(-1);
  const outcome = last === undefined ? "" : ` (${last.status ?? last.error}, attempt ${delivery.attempts.length})`;
  return html`<li>${delivery.type} <strong>${delivery.state}</strong>${outcome} <span class="soft">${delivery.url} · ${ago(delivery.createdAtMs, now)}</span></li>`;
}
