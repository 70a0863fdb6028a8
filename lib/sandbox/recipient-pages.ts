import "server-only";
import type { Answer } from "./answer";
import { happen, Impossible } from "./happenings";
import { html } from "./markup";
import { readForm, redirect, respond, show } from "./pages";
import type { Incoming } from "./pipeline";
import { trackedLinks } from "./render";
import type { MessageAction } from "./schema";
import type { Message, WorldState } from "./state";
import { seenSuppression } from "./suppression-list";

const pixel = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`;

/** What a recipient reaches from a stored copy: unsubscribe page, open pixel, tracked links. They need no session. */
export async function serveRecipient(world: WorldState, call: Incoming): Promise<Answer> {
  const [, kind, id, index, link] =
    /^\/emu\/(unsubscribe|open|click)\/([0-9a-f-]{36})\/(\d{1,3})(?:\/(\d{1,4}))?\/?$/.exec(call.path) ?? [];
  const message = world.messages.get(id ?? "");
  const recipient = message?.recipients[Number(index)];
  if (!message || !recipient) return show("Not found", "This link leads nowhere.", 404);
  if (kind === "unsubscribe") return unsubscribePage(world, message, recipient.email, call);
  const action: MessageAction = { type: "open", recipient: recipient.email };
  if (kind === "open") {
    quietly(() => happen(world, message, action));
    return { status: 200, headers: { "Content-Type": "image/svg+xml", "Cache-Control": "no-store" }, body: pixel };
  }
  const target = trackedLinks(message)[Number(link)];
  if (!target) return show("Not found", "This link leads nowhere.", 404);
  quietly(() => happen(world, message, { ...action, type: "click", link: target.url, location: target.location }));
  return redirect(target.url, 302);
}

/** GET changes nothing; POST (the button, or a mail program's one click) unsubscribes, and a second button undoes it. */
async function unsubscribePage(world: WorldState, message: Message, email: string, call: Incoming): Promise<Answer> {
  const isOut = () => seenSuppression(world, message.stream, email) !== undefined;
  if (call.method === "POST") {
    const again = (await readForm(call)).get("subscribe") === "again";
    if (again === isOut())
      quietly(() => happen(world, message, { type: again ? "resubscribe" : "unsubscribe", recipient: email }));
  } else if (call.method !== "GET") return show("Not allowed", "This page takes GET and POST.", 405);
  const stream = world.streams.find((s) => s.id === message.stream)?.name ?? message.stream;
  const body = isOut()
    ? html`<section class="card"><p>${email} gets no more mail from “${stream}”.</p><form method="post"><button name="subscribe" value="again">Subscribe again</button></form></section>`
    : html`<section class="card"><p>Stop mail from “${stream}” to ${email}?</p><form method="post"><button>Unsubscribe</button></form></section>`;
  return respond(200, { title: "Unsubscribe", heading: "Unsubscribe", body, version: null });
}

/** A pixel of a mail that tracks no opens is fetched in vain. */
function quietly(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
  }
}
