/** The bodies of a message. */
type Bodies = { html: string | null; text: string | null };

const placeholder = /\{\{\{\s*pm:unsubscribe(?:_url)?\b[^{}\r\n]*\}\}\}/;

/**
 * Adds a small footer with the unsubscribe link to each body that shows none, as providers do with mail whose unsubscribes they manage.
 * A body shows it when the link stands in it, or the provider's own placeholder where the provider fills that in (`fillsPlaceholder`).
 * @param url  of letters, digits and `:/?&=.-_~%` only: it is written as it is
 */
export function withUnsubscribeFooter(
  { html, text }: Bodies,
  { url, fillsPlaceholder }: { url: string; fillsPlaceholder: boolean },
): Bodies {
  const lacksLink = (body: string) => !body.includes(url) && !(fillsPlaceholder && placeholder.test(body));
  return {
    html: html !== null && lacksLink(html) ? insertedAtEnd(html, footerHtml(url)) : html,
    text: text !== null && lacksLink(text) ? `${text.trimEnd()}\n\n-- \nUnsubscribe: ${url}\n` : text,
  };
}

/**
 * Grey that can be read on white and on black, for mail programs that turn colours round. The attribute keeps the provider from leading the link
 * through its click tracking.
 */
const footerHtml = (url: string): string =>
  `<div style="margin:32px 0 16px;text-align:center;font:12px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;color:#767676"><a data-pm-no-track href="${url}" style="color:#767676;text-decoration:underline">Unsubscribe</a></div>`;

/** Inside the body where there is one. Of several closing tags the last one closes it: others may stand in comments or in quoted mail. */
function insertedAtEnd(html: string, addition: string): string {
  const lower = html.toLowerCase();
  const at = ["</body", "</html"].map((tag) => lower.lastIndexOf(tag)).find((index) => index >= 0) ?? html.length;
  return `${html.slice(0, at)}${addition}${html.slice(at)}`;
}
