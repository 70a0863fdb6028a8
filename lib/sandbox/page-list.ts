import { ago, type Html, html } from "./markup";
import { outboxStatus } from "./outbox";
import type { Message, WorldState } from "./state";

const perPage = 50;

/** The outbox, newest first, with a filter by words and stream. */
export function listPage(world: WorldState, query: URLSearchParams): { title: string; heading: Html; body: Html } {
  const words = (query.get("q") ?? "").trim().toLowerCase();
  const stream = query.get("stream") ?? "";
  const start = Math.max(0, Number.parseInt(query.get("start") ?? "0", 10) || 0);
  const found = [...world.messages.values()].reverse().filter((m) => isWanted(m, words, stream));
  const shown = found.slice(start, start + perPage);
  const now = world.clock.nowMs();
  const older = new URLSearchParams({ q: words, stream, start: String(start + perPage) });
  const body = html`
<form class="row" method="get" role="search">
<input type="search" name="q" value="${query.get("q")}" placeholder="Recipient, subject or tag" aria-label="Search the outbox">
<select name="stream" aria-label="Stream"><option value="">All streams</option>${world.streams
    .filter((s) => s.type !== "Inbound")
    .map((s) => html`<option value="${s.id}"${s.id === stream && " selected"}>${s.name} (${s.id})</option>`)}</select>
<button>Show</button>
</form>
<section class="card flush" id="messages" data-live aria-label="Messages">
${
  shown.length === 0
    ? html`<p class="soft" style="padding:.9rem 1rem;margin:0">${words || stream ? "Nothing here matches." : "Nothing has been sent yet. What the product sends appears here by itself."}</p>`
    : html`<ul class="list">${shown.map((m) => row(world, m, now))}</ul>`
}
</section>
<p class="soft" id="count" data-live>${found.length} ${found.length === 1 ? "message" : "messages"}${
    found.length > start + perPage && html` · <a href="?${older.toString()}">older</a>`
  }${start > 0 && html` · <a href="${world.baseUrl}/outbox">newest</a>`}</p>
<p><a href="${world.baseUrl}/outbox/webhooks">Webhooks</a></p>`;
  return { title: `Outbox · ${world.server.name}`, heading: html`Outbox of ${world.server.name}`, body };
}

function row(world: WorldState, message: Message, now: number): Html {
  const state = outboxStatus(message);
  return html`<li><a href="${world.baseUrl}/outbox/${message.id}">
<b>${message.subject || "(no subject)"}</b><span class="state ${state}">${state}</span>
<span class="soft">to ${message.to ?? message.cc ?? message.bcc} · ${message.stream}</span><span class="soft when" title="${new Date(message.acceptedAtMs).toISOString()}">${ago(message.acceptedAtMs, now)}</span>
</a></li>`;
}

function isWanted(message: Message, words: string, stream: string): boolean {
  if (stream && message.stream !== stream) return false;
  if (!words) return true;
  return [message.subject, message.tag ?? "", ...message.recipients.map((r) => r.email)].some((text) =>
    text.toLowerCase().includes(words),
  );
}
