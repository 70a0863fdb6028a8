import "server-only";
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Answer } from "./answer";
import { happen, Impossible } from "./happenings";
import { isLoopbackUrl } from "./hook-request";
import { html } from "./markup";
import { frame, policy } from "./page-frame";
import { listPage } from "./page-list";
import { messagePage } from "./page-message";
import { webhooksPage } from "./page-webhooks";
import type { Incoming } from "./pipeline";
import { messageAction, newWebhook } from "./schema";
import { touch, type WorldState } from "./state";
import { registerWebhook } from "./world";

/** The outbox in the browser: `/outbox`, `/outbox/{id}` and the buttons' `/outbox/{id}/act`. Undefined: not ours. */
export async function servePages(world: WorldState, call: Incoming, csrf: string): Promise<Answer | undefined> {
  const path = call.path.replace(/\/$/, "");
  if (path === "" && call.method === "GET" && (call.headers.accept ?? "").includes("text/html"))
    return redirect(`${world.baseUrl}/outbox`, 302);
  if (path === "/outbox/webhooks/act" && call.method === "POST")
    return changeWebhooks(world, await readForm(call), csrf);
  const [, id, action] = /^\/outbox(?:\/([0-9a-f-]{36})(\/act)?)?$/.exec(path) ?? [null];
  if (!id && path !== "/outbox" && path !== "/outbox/webhooks") return undefined;
  const message = id ? world.messages.get(id) : undefined;
  if (id && !message) return show("Not found", "This message is not in the outbox.", 404);
  if (action && message) {
    if (call.method !== "POST") return show("Not allowed", "This address takes forms only.", 405);
    return act(world, message.id, await readForm(call), csrf);
  }
  if (call.method !== "GET") return show("Not allowed", "This page can only be read.", 405);
  // Times are relative, so a page grows old even when nothing happens.
  const version = `"${world.version}.${Math.floor(world.clock.nowMs() / 30_000)}"`;
  if (call.headers["if-none-match"] === version) return { status: 304, headers: { ETag: version }, body: "" };
  const page = message
    ? messagePage(world, message, csrf)
    : path === "/outbox"
      ? listPage(world, call.query)
      : webhooksPage(world, csrf);
  return respond(200, { ...page, version });
}

/** A page of the sandbox with its security headers. */
export function respond(status: number, page: Omit<Parameters<typeof frame>[0], "nonce">): Answer {
  const nonce = randomBytes(12).toString("base64url");
  return {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy(nonce),
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      ...(page.version === null ? {} : { ETag: page.version }),
    },
    body: frame({ ...page, nonce }),
  };
}

export function redirect(location: string, status: 302 | 303): Answer {
  return { status, headers: { Location: location, "Referrer-Policy": "no-referrer" }, body: "" };
}

export function show(title: string, sentence: string, status: number): Answer {
  return respond(status, { title, heading: title, body: html`<p class="card">${sentence}</p>`, version: null });
}

/** The fields of a posted form. */
export async function readForm(call: Incoming): Promise<URLSearchParams> {
  const { body } = await call.readBody();
  return new URLSearchParams(body.toString("utf8"));
}

/** Adds or removes a webhook, as one would in Postmark's own pages; without its probes. */
function changeWebhooks(world: WorldState, form: URLSearchParams, csrf: string): Answer {
  if (!sameText(form.get("csrf") ?? "", csrf)) return staleForm();
  const removed = world.webhooks.findIndex((w) => String(w.id) === form.get("remove"));
  if (removed >= 0) world.webhooks.splice(removed, 1);
  else {
    const given = ["url", "stream", "username", "password"].map((key) => [key, form.get(key) ?? ""]);
    const webhook = newWebhook.safeParse(Object.fromEntries(given));
    if (!webhook.success || !URL.canParse(webhook.data.url) || !isLoopbackUrl(new URL(webhook.data.url)))
      return show("Not possible", "The sandbox calls loopback addresses only, such as http://localhost:3000/…", 400);
    registerWebhook(world, webhook.data);
  }
  touch(world);
  return redirect(`${world.baseUrl}/outbox/webhooks`, 303);
}

const staleForm = () =>
  show("Try again", "The sandbox was restarted since this page was loaded. Go back and reload it.", 403);

function act(world: WorldState, id: string, form: URLSearchParams, csrf: string): Answer {
  if (!sameText(form.get("csrf") ?? "", csrf)) return staleForm();
  const given = { type: form.get("type"), recipient: form.get("recipient"), link: form.get("link") };
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  const action = messageAction.safeParse({
    ...asked,
    ...(form.get("bounceType") ? { bounceType: form.get("bounceType") } : {}),
  });
  const message = world.messages.get(id);
  if (!action.success || !message) return show("Not understood", "The form was not understood.", 400);
  try {
    happen(world, message, action.data);
  } catch (error) {
    if (error instanceof Impossible) return show("Not possible", error.message, 409);
    throw error;
  }
  return redirect(`${world.baseUrl}/outbox/${id}`, 303);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
