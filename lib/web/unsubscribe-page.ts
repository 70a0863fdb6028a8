import "server-only";
import { createHash } from "node:crypto";
import type { Subscription } from "../sends";

/** What a page says. `button`: what its one form does when it is sent. */
export type Page = { title: string; text: string; button?: { action: "unsubscribe" | "resubscribe"; label: string } };

type Known = Exclude<Subscription, { kind: "unknown" | "gone" }>;

/** How things stand, to whoever opens the link or has just pressed its button. Nothing in it comes from the request. */
export function subscriptionPage({ kind, sender, maskedEmail }: Known, { undone = false } = {}): Page {
  const unsubscribe = { action: "unsubscribe", label: "Unsubscribe" } as const;
  switch (kind) {
    case "unsubscribed":
      return {
        title: "You are unsubscribed",
        text: `${sender} sends no more emails of this kind to ${maskedEmail}. Was it a mistake?`,
        button: { action: "resubscribe", label: "Subscribe again" },
      };
    case "blocked":
      return {
        title: undone ? "Your unsubscribe is taken back" : "Nothing is sent to you",
        text: undone
          ? `But emails to ${maskedEmail} stay stopped for another reason, such as a bounce or a spam complaint. ${sender} can tell you more.`
          : `Emails to ${maskedEmail} are stopped already, for instance because one bounced. To be sure that ${sender} sends you none of this kind later, unsubscribe.`,
        button: unsubscribe,
      };
    case "subscribed":
      return undone
        ? {
            title: "You are subscribed again",
            text: `${sender} may send emails of this kind to ${maskedEmail}.`,
            button: unsubscribe,
          }
        : {
            title: `Unsubscribe from ${sender}?`,
            text: `No more emails of this kind will be sent to ${maskedEmail}.`,
            button: unsubscribe,
          };
  }
}

export const unknownPage: Page = {
  title: "This link does not work",
  text: "It may have been cut off or changed on its way. Open it from the email once more, whole; or answer the email and ask its sender to take you off the list.",
};
export const gonePage: Page = {
  title: "This sender is gone",
  text: "Whoever sent you that email has closed their account here, so nothing more comes to you from it.",
};
export const unclearPage: Page = {
  title: "Nothing was changed",
  text: "The request did not say what to do. Open the link from the email and press the button.",
};
export const busyPage: Page = {
  title: "One moment, please",
  text: "There were too many requests from your network. Try again in a minute.",
};
export const troublePage: Page = {
  title: "That did not work just now",
  text: "It is our fault, and nothing was changed. Try again in a few minutes.",
};

const style = `:root{color-scheme:light dark;--ground:#f5f5f7;--card:#fff;--line:#dcdde3;--ink:#1b1d24;--muted:#50545f;--button:#1b1d24;--label:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#0c0d10;--card:#17181c;--line:#33353d;--ink:#f0f0f3;--muted:#b0b3bd;--button:#f0f0f3;--label:#17181c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 ui-sans-serif,system-ui,sans-serif}
main{width:100%;max-width:26rem;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 .5rem;font-size:1.25rem;line-height:1.3}
p{margin:0;color:var(--muted)}
button{width:100%;min-height:2.75rem;margin-top:1.25rem;padding:.5rem 1rem;border:0;border-radius:.5rem;background:var(--button);color:var(--label);font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid #4a7dff;outline-offset:2px}`;

/** Allows the one style sheet above and a form to where it came from; no scripts, pictures, fonts or frames. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page as HTML. It works without scripts, and the form goes to the address where it stands. */
export function pageHtml({ title, text, button }: Page): string {
  const form = button
    ? `<form method="post"><button type="submit" name="action" value="${button.action}">${button.label}</button></form>`
    : "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1><p role="status">${escaped(text)}</p>${form}</main></body></html>
`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
