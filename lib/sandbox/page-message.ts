import { bounceTypes } from "./bounce-types";
import { ago, type Html, html } from "./markup";
import { outboxStatus } from "./outbox";
import { mailbox, storedCopy, trackedLinks } from "./render";
import type { Message, MessageEvent, WorldState } from "./state";

/** One message: what it is, what happened to it, and buttons for what may happen next. */
export function messagePage(
  world: WorldState,
  message: Message,
  csrf: string,
): { title: string; heading: Html; body: Html } {
  const stream = world.streams.find((s) => s.id === message.stream);
  // Without pixel and rewritten links, so that looking here is not an open.
  const copy = storedCopy(message, stream, { base: world.baseUrl, recipient: 0, tracking: false });
  const body = html`
<p><a href="${world.baseUrl}/outbox">Back to the outbox</a></p>
<section class="card" aria-label="About">${facts(message, world)}</section>
<section class="card" id="events" data-live><h2>What happened</h2>${events(message, world.clock.nowMs())}</section>
<section class="card"><h2>Make something happen</h2>${buttons(world, message, csrf)}</section>
${copy.html !== null && html`<section class="card"><h2>HTML</h2><p class="soft">Pictures from elsewhere are not fetched.</p><iframe sandbox="" title="The message as HTML" srcdoc="${inert(copy.html)}"></iframe></section>`}
${copy.text !== null && html`<section class="card"><h2>Text</h2><pre>${copy.text}</pre></section>`}
${pairs("Metadata", Object.entries(message.metadata))}
${pairs("Headers", headersOf(message, copy.unsubscribeUrl))}`;
  return { title: message.subject || "(no subject)", heading: html`${message.subject || "(no subject)"}`, body };
}

/** Links of the mail would open a window, which its frame may not: they do nothing. */
const inert = (body: string) => `<base target="_blank">${body}`;

function facts(message: Message, world: WorldState): Html {
  const tracking = [message.trackOpens && "opens", message.trackLinks !== "None" && "links"].filter(Boolean);
  const skipped = message.recipients.filter((r) => r.skipped).map((r) => r.email);
  const rows: [string, string | null | undefined][] = [
    ["From", mailbox(message.from)],
    ["To", message.to],
    ["Cc", message.cc],
    ["Bcc", message.bcc],
    ["Reply to", message.replyTo],
    ["Not sent to", skipped.join(", ")],
    ["Stream", message.stream],
    ["Tag", message.tag],
    ["Tracked", tracking.join(" and ") || "nothing"],
    ["Attachments", message.attachments.join(", ")],
    ["Accepted", `${new Date(message.acceptedAtMs).toISOString()} (${ago(message.acceptedAtMs, world.clock.nowMs())})`],
    ["MessageID", message.id],
  ];
  return html`<dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function events(message: Message, now: number): Html {
  const state = outboxStatus(message);
  const line = (e: MessageEvent) =>
    html`<li><strong>${words[e.type]}</strong> ${e.recipient} <span class="soft" title="${new Date(e.atMs).toISOString()}">${ago(e.atMs, now)}</span>${
      e.details.Link && html`<br><span class="soft">${e.details.Link}</span>`
    }${e.type === "SubscriptionChanged" && e.details.SuppressSending === "False" && " (subscribed again)"}</li>`;
  return html`<p><span class="state ${state}">${state}</span></p>${
    message.events.length === 0
      ? html`<p class="soft">Nothing yet.</p>`
      : html`<ol class="events">${message.events.map(line)}</ol>`
  }`;
}

const words: Record<MessageEvent["type"], string> = {
  Delivered: "Delivered",
  Transient: "Delayed",
  Bounced: "Bounced",
  Opened: "Opened",
  LinkClicked: "Clicked",
  SpamComplaint: "Reported as spam",
  SubscriptionChanged: "Subscription changed",
};

function buttons(world: WorldState, message: Message, csrf: string): Html {
  const able = message.recipients.filter((r) => !r.skipped);
  const form = (inside: Html) =>
    html`<form class="row" method="post" action="${world.baseUrl}/outbox/${message.id}/act"><input type="hidden" name="csrf" value="${csrf}">${
      able.length > 1
        ? html`<select name="recipient" aria-label="Recipient">${able.map((r) => html`<option>${r.email}</option>`)}</select>`
        : ""
    }${inside}</form>`;
  const links = [...new Set(trackedLinks(message).map((l) => l.url))];
  const types = Object.keys(bounceTypes).filter((t) => t !== "SpamComplaint");
  return html`
${form(html`<button name="type" value="open"${!message.trackOpens && html` disabled title="Opens are not tracked on this message"`}>Open</button>
<button name="type" value="complaint">Report as spam</button>
<button name="type" value="unsubscribe">Unsubscribe</button>
<button name="type" value="resubscribe">Subscribe again</button>
<button name="type" value="deliver">Deliver</button>`)}
${form(html`<input type="hidden" name="type" value="bounce"><select name="bounceType" aria-label="Kind of bounce">${types.map((t) => html`<option>${t}</option>`)}</select><button>Bounce</button>`)}
${
  links.length === 0
    ? html`<p class="soft">No tracked links to click.</p>`
    : links.map((link) =>
        form(
          html`<input type="hidden" name="type" value="click"><button name="link" value="${link}">Click ${link}</button>`,
        ),
      )
}`;
}

function headersOf(message: Message, unsubscribeUrl: string | null): [string, string][] {
  const own = message.headers.map((h): [string, string] => [h.name, h.value]);
  if (unsubscribeUrl === null) return own;
  const kept = own.filter(([name]) => !/^list-unsubscribe(-post)?$/i.test(name));
  return [
    ...kept,
    ["List-Unsubscribe", `<${unsubscribeUrl}>`],
    ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"],
  ];
}

function pairs(title: string, entries: [string, string][]): Html | null {
  if (entries.length === 0) return null;
  return html`<section class="card"><h2>${title}</h2><dl>${entries.map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}</dl></section>`;
}
