import type { Message, Stream } from "./state";
import { utcStamp } from "./time";

type Location = "HTML" | "Text";
export type TrackedLink = { url: string; location: Location };
/** What the recipient would have got. */
export type StoredCopy = { html: string | null; text: string | null; unsubscribeUrl: string | null };

const placeholder = /\{\{\{\s*pm:unsubscribe(_url)?(?:\s+label="([^"]*)")?\s*\}\}\}/g;
const hrefs = /(<a\b[^>]*?\bhref\s*=\s*)(?:"([^"]*)"|'([^']*)')/gi;
const urls = /https?:\/\/[^\s<>"'{}]+[^\s<>"'{}.,;:!?)]/g;

/** The links that would be tracked, in order and once per place; unsubscribe placeholders are none. */
export function trackedLinks(message: Pick<Message, "html" | "text" | "trackLinks">): TrackedLink[] {
  const links: TrackedLink[] = [];
  const add = (url: string, location: Location) => {
    if (!links.some((l) => l.url === url && l.location === location)) links.push({ url, location });
  };
  if (tracks(message, "HTML"))
    for (const match of (message.html ?? "").matchAll(hrefs)) {
      const url = decodeHref(match[2] ?? match[3] ?? "");
      if (/^https?:\/\//i.test(url)) add(url, "HTML");
    }
  if (tracks(message, "Text")) for (const match of (message.text ?? "").matchAll(urls)) add(match[0], "Text");
  return links;
}

/**
 * The copy for one recipient: unsubscribe placeholders replaced, a footer where Postmark adds one, and, when `tracking`, links
 * rewritten and the pixel added. `base` is the world's URL; the nth recipient's links carry n.
 */
export function storedCopy(
  message: Message,
  stream: Stream | undefined,
  view: { base: string; recipient: number; tracking: boolean },
): StoredCopy {
  const handling = stream?.unsubscribe ?? "None";
  const broadcast = stream?.type === "Broadcasts" && handling === "Postmark";
  const url = `${view.base}/emu/unsubscribe/${message.id}/${view.recipient}`;
  let { html, text } = message;
  if (view.tracking) {
    html = html && trackHtml(html, message, view);
    text = text && trackText(text, message, view);
  }
  // With Custom handling the sender brings a link and a page of his own: Postmark touches nothing.
  if (handling === "Custom") return { html, text, unsubscribeUrl: null };
  const replaced = { html: html && replaceHtml(html, url), text: text && replaceText(text, url) };
  const missing = !mentions(html) && !mentions(text);
  return {
    html: broadcast && missing && replaced.html ? appendHtml(replaced.html, footer(url)) : replaced.html,
    text:
      broadcast && missing && replaced.text
        ? `${replaced.text}\n\n--\nUnsubscribe from this list: ${url}`
        : replaced.text,
    unsubscribeUrl: broadcast ? url : null,
  };
}

/** The raw source, roughly as Postmark would have sent it to the first recipient. */
export function source(message: Message, stream: Stream | undefined, base: string, serverId: number): string {
  const copy = storedCopy(message, stream, { base, recipient: 0, tracking: true });
  const headers: [string, string | null | undefined][] = [
    ["From", mailbox(message.from)],
    ["To", message.to],
    ["Cc", message.cc],
    ["Reply-To", message.replyTo],
    ["Subject", message.subject],
    ["Date", new Date(message.acceptedAtMs).toUTCString()],
    ["Message-Id", `<${message.id}@mtasv.net>`],
    ["X-PM-Message-Id", message.id],
    ["X-PM-Tag", message.tag],
    ["X-PM-Message-Stream", message.stream],
    [
      "Feedback-ID",
      `s${serverId}-${message.tag ? Buffer.from(message.tag).toString("base64") : "_"}:s${serverId}:sandbox`,
    ],
    ...message.headers.map((h): [string, string] => [h.name, h.value]),
    ["List-Unsubscribe", copy.unsubscribeUrl && `<${copy.unsubscribeUrl}>`],
    ["List-Unsubscribe-Post", copy.unsubscribeUrl && "List-Unsubscribe=One-Click"],
    ["MIME-Version", "1.0"],
    ["Content-Type", `multipart/alternative; boundary="${message.id}"`],
  ];
  const part = (type: string, body: string | null) =>
    body ? [`--${message.id}`, `Content-Type: ${type}; charset=UTF-8`, "", body, ""] : [];
  const set = headers.filter(
    ([name, value]) => value && !(copy.unsubscribeUrl && replacedByPostmark(name, value, copy)),
  );
  return [
    ...set.map(([name, value]) => `${name}: ${value}`),
    "",
    ...part("text/plain", copy.text),
    ...part("text/html", copy.html),
    `--${message.id}--`,
    "",
  ].join("\r\n");
}

/** `"Name" <a@b>`, as search shows a sender. */
export function mailbox(address: { email: string; name: string | null }): string {
  return address.name === null ? address.email : `"${address.name.replaceAll('"', '\\"')}" <${address.email}>`;
}

/** The made-up source of a bounce message. */
export function bounceSource(bounce: { email: string; details: string; atMs: number; messageId: string }): string {
  return `Return-Path: <>\r\nTo: ${bounce.email}\r\nDate: ${utcStamp(bounce.atMs)}\r\nSubject: Undeliverable\r\n\r\nSandbox text: ${bounce.details}\r\nX-PM-Message-Id: ${bounce.messageId}\r\n`;
}

/** Postmark's own headers win over those of the sender on a stream that it manages. */
function replacedByPostmark(name: string, value: string, copy: StoredCopy): boolean {
  if (!/^list-unsubscribe(-post)?$/i.test(name)) return false;
  return value !== `<${copy.unsubscribeUrl}>` && value !== "List-Unsubscribe=One-Click";
}

function tracks(message: Pick<Message, "trackLinks">, location: Location): boolean {
  const only = location === "HTML" ? "HtmlOnly" : "TextOnly";
  return message.trackLinks === "HtmlAndText" || message.trackLinks === only;
}

function trackHtml(html: string, message: Message, view: { base: string; recipient: number }): string {
  const links = trackedLinks(message);
  const rewritten = html.replace(hrefs, (whole, start: string, double?: string, single?: string) => {
    const index = links.findIndex((l) => l.location === "HTML" && l.url === decodeHref(double ?? single ?? ""));
    return index < 0 ? whole : `${start}"${clickUrl(message, view, index)}"`;
  });
  if (!message.trackOpens) return rewritten;
  return appendHtml(
    rewritten,
    `<img src="${view.base}/emu/open/${message.id}/${view.recipient}" width="1" height="1" alt="">`,
  );
}

function trackText(text: string, message: Message, view: { base: string; recipient: number }): string {
  const links = trackedLinks(message);
  return text.replace(urls, (url) => {
    const index = links.findIndex((l) => l.location === "Text" && l.url === url);
    return index < 0 ? url : clickUrl(message, view, index);
  });
}

const clickUrl = (message: Message, view: { base: string; recipient: number }, index: number) =>
  `${view.base}/emu/click/${message.id}/${view.recipient}/${index}`;

const footer = (url: string) =>
  `<p style="font-size:12px;color:#777"><a href="${url}">Unsubscribe</a> from this list.</p>`;

/** As the value of an attribute, and always for the _url form: the URL. On its own: a link. */
function replaceHtml(html: string, url: string): string {
  return html.replace(placeholder, (_whole, asUrl: string | undefined, label: string | undefined, at: number) => {
    const inAttribute = /=\s*["']?$/.test(html.slice(Math.max(0, at - 20), at));
    return asUrl || inAttribute ? url : `<a href="${url}">${label ?? "Unsubscribe"}</a>`;
  });
}

function replaceText(text: string, url: string): string {
  return text.replace(placeholder, (_whole, asUrl: string | undefined, label: string | undefined, at: number) => {
    const alone = /(^|\n)[ \t]*$/.test(text.slice(Math.max(0, at - 20), at));
    return asUrl || !alone ? url : `${label ?? "Unsubscribe"}: ${url}`;
  });
}

function mentions(body: string | null): boolean {
  return body !== null && new RegExp(placeholder.source).test(body);
}

function appendHtml(html: string, addition: string): string {
  const end = html.toLowerCase().lastIndexOf("</body>");
  return end < 0 ? html + addition : html.slice(0, end) + addition + html.slice(end);
}

function decodeHref(href: string): string {
  return href.replaceAll("&amp;", "&").trim();
}
