import { describe, expect, test } from "vitest";
import { withUnsubscribeFooter } from "./schema";

const url = "https://mail.example.com/u/AbC-_9";
const add = (html: string | null, text: string | null, fillsPlaceholder = false) =>
  withUnsubscribeFooter({ html, text }, { url, fillsPlaceholder });
const linksIn = (body: string | null) => (body ?? "").split(url).length - 1;

describe("every body shows the way out exactly once", () => {
  test.each([
    ["HTML without it", `<p>Hi</p>`, null, [1, 0]],
    ["text without it", null, "Hi", [0, 1]],
    ["both without it", "<p>Hi</p>", "Hi", [1, 1]],
    ["HTML with it", `<a href="${url}">out</a>`, "Hi", [1, 1]],
    ["text with it", "<p>Hi</p>", `Out: ${url}`, [1, 1]],
    ["both with it", `<a href='${url}'>out</a>`, url, [1, 1]],
  ] as const)("%s", (_name, html, text, links) => {
    const made = add(html, text);
    expect([linksIn(made.html), linksIn(made.text)]).toEqual(links);
    expect([made.html === null, made.text === null]).toEqual([html === null, text === null]);
  });

  test("a body that shows it is left as it was written, to the letter", () => {
    const html = `<html><body>${url}</body></html>\n`;
    expect(add(html, `${url}  \n\n`)).toEqual({ html, text: `${url}  \n\n` });
  });

  test("the provider's own placeholder counts only where the provider fills it in", () => {
    const html = `<p>{{{ pm:unsubscribe }}}</p>`;
    expect(add(html, "{{{pm:unsubscribe_url}}}", true)).toEqual({ html, text: "{{{pm:unsubscribe_url}}}" });
    expect(linksIn(add(html, null, false).html)).toBe(1);
  });
});

test.each([
  ["<html><body><p>Hi</p></body></html>", /Hi<\/p><div.*<\/div><\/body><\/html>$/],
  ["<BODY>Hi</BODY >", /^<BODY>Hi<div.*<\/div><\/BODY >$/],
  ["<body>quoted: <!-- </body> --> end</body>", /end<div.*<\/div><\/body>$/],
  ["<html><p>Hi</html>", /<p>Hi<div.*<\/div><\/html>$/],
  ["<p>Hi</p>", /^<p>Hi<\/p><div.*<\/div>$/],
])("the footer stands inside the body of %s", (html, shape) => {
  expect(add(html, null).html).toMatch(shape);
});
