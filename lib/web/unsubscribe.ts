import "server-only";
import { AppError, statusOf } from "../errors";
import { log } from "../log";
import { readSubscription, resubscribe, type Subscription, unsubscribe } from "../sends";
import { asAppError } from "./answer";
import { countRequest } from "./counters";
import { limitOrigins, originOf } from "./origin-limit";
import { readBody } from "./request";
import { type Context, pathParams } from "./route";
import {
  busyPage,
  contentSecurityPolicy,
  gonePage,
  type Page,
  pageHtml,
  subscriptionPage,
  troublePage,
  unclearPage,
  unknownPage,
} from "./unsubscribe-page";

const operation = "unsubscribe";
/** `List-Unsubscribe=One-Click`, or the button of the page; as multipart there is something around it. */
const bytesMax = 8 * 1024;
/**
 * Counts looks and links that are none. A link of ours with a word that it acts on is never refused: a mailbox provider brings the
 * unsubscribes of very many people from few addresses.
 */
const waitFor = limitOrigins({ requestsMax: 300, windowMs: 60_000 });

type Does = "one_click" | "unsubscribe" | "resubscribe";

/**
 * The page behind an unsubscribe link, and one-click unsubscribe (RFC 8058). The link itself is the authority: there is no session and no
 * cookie. GET and HEAD change nothing, because mail scanners open every link; only a POST that says what to do does it.
 */
export async function unsubscribeRoute(request: Request, context: Context): Promise<Response> {
  try {
    const { token = "" } = await pathParams(context);
    if (request.method === "POST") return await act(request, token);
    return await show(request, token);
  } catch (thrown) {
    const told = asAppError(thrown);
    const status = statusOf(told);
    if (status >= 500) log.error("an unsubscribe link could not be served", told);
    const retryAfter = told instanceof AppError ? (told.retryAfterSeconds ?? 5) : 5;
    if (status === 404) return respond(request, status, unknownPage);
    return respond(request, status, status < 500 ? unclearPage : troublePage, {
      ...(status >= 500 && { "retry-after": String(retryAfter) }),
      ...((status === 408 || status === 413) && { connection: "close" }),
    });
  }
}

async function show(request: Request, token: string): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return respond(request, 405, unclearPage, { allow: "GET, HEAD, POST" });
  return tooOften(request) ?? told(request, await readSubscription(token));
}

async function act(request: Request, token: string): Promise<Response> {
  const { text } = await readBody(request, bytesMax);
  const what = actionOf(text, request.headers.get("content-type") ?? "");
  if (what === null) return tooOften(request) ?? respond(request, 400, unclearPage);
  if (what === "resubscribe") return told(request, await resubscribe(token), { undone: true });
  const subscription = await unsubscribe(token, what === "one_click" ? "one_click" : "page");
  if (what === "unsubscribe") return told(request, subscription);
  if (subscription.kind === "unknown" || subscription.kind === "gone") return told(request, subscription);
  return plain(200, "You are unsubscribed.\n");
}

/** What a POST says it wants; null for one that says nothing that we know. */
function actionOf(text: string, contentType: string): Does | null {
  if (/^multipart\/form-data\b/i.test(contentType))
    return /\bname="?List-Unsubscribe"?\s[^\0]{0,200}?One-Click/i.test(text) ? "one_click" : null;
  const fields = new URLSearchParams(text.trim());
  if (fields.get("List-Unsubscribe")?.toLowerCase() === "one-click") return "one_click";
  const action = fields.get("action");
  return action === "unsubscribe" || action === "resubscribe" ? action : null;
}

/** The page that says how a link stands. */
function told(request: Request, subscription: Subscription, { undone = false } = {}): Response {
  if (subscription.kind === "unknown") return tooOften(request) ?? respond(request, 404, unknownPage);
  if (subscription.kind === "gone") return respond(request, 410, gonePage);
  return respond(request, 200, subscriptionPage(subscription, { undone }));
}

function tooOften(request: Request): Response | null {
  const seconds = waitFor(originOf(request.headers.get("x-forwarded-for")));
  return seconds === null ? null : respond(request, 429, busyPage, { "retry-after": String(seconds) });
}

/** Nobody keeps it, shows it within another page, learns its address from it, or lists it. */
const safety = {
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-robots-tag": "noindex, nofollow",
};

function respond(request: Request, status: number, page: Page, headers: Record<string, string> = {}): Response {
  countRequest(operation, status);
  const body = request.method === "HEAD" ? null : pageHtml(page);
  return new Response(body, { status, headers: { ...safety, ...headers, "content-type": "text/html; charset=utf-8" } });
}

function plain(status: number, text: string): Response {
  countRequest(operation, status);
  return new Response(text, { status, headers: { ...safety, "content-type": "text/plain; charset=utf-8" } });
}
