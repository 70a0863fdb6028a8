import { describe, expect, test } from "vitest";
import { checkTemplate, compileMessage, renderMessage } from "./render";
import type { MessageParts, MessageVariables } from "./schema";

const now = new Date("2026-11-21T12:00:00Z");
const variables: MessageVariables = {
  profile: { first_name: "Ada <b>& Co", note: "one\r\ntwo", tags: ["a", "b"], "forged\u0000": 1 },
  event: { amount: 3 },
  event_name: "signed_up",
  event_time: "2026-11-21T09:30:00Z",
  workspace: { name: "Acme" },
  unsubscribe_url: "{{{ pm:unsubscribe }}}",
};

function render(parts: Partial<MessageParts>, given: Partial<MessageVariables> = {}) {
  const compiled = compileMessage({ subject: "", html: null, text: null, fromName: null, ...parts });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return renderMessage(compiled.message, { ...variables, ...given }, now);
}
const html = (text: string, given: Partial<MessageVariables> = {}) => {
  const result = render({ html: text }, given);
  return result.ok ? result.html : result.problem;
};

describe("escaping", () => {
  test("HTML bodies escape what they write, subjects and text bodies do not", () => {
    const liquid = "Hi {{ profile.first_name }}";
    expect(render({ subject: liquid, html: liquid, text: liquid, fromName: liquid })).toEqual({
      ok: true,
      subject: "Hi Ada <b>& Co",
      html: "Hi Ada &lt;b&gt;&amp; Co",
      text: "Hi Ada <b>& Co",
      fromName: "Hi Ada <b>& Co",
    });
  });

  test.each([
    ["{{ profile.first_name | raw }}", "Ada <b>& Co"],
    ["{{ profile.first_name | escape }}", "Ada &lt;b&gt;&amp; Co"],
    ["{{ profile.first_name | escape_once }}", "Ada &lt;b&gt;&amp; Co"],
    ["{{ profile.first_name | upcase }}", "ADA &lt;B&gt;&amp; CO"],
    ["{% echo profile.first_name %}", "Ada &lt;b&gt;&amp; Co"],
    ["{% liquid\n echo profile.first_name %}", "Ada &lt;b&gt;&amp; Co"],
    ["{% cycle profile.first_name, 'b' %}", "Ada &lt;b&gt;&amp; Co"],
    ["{{ '<i>\n' | append: profile.first_name | newline_to_br }}", "&lt;i&gt;<br />\nAda &lt;b&gt;&amp; Co"],
    ["{% assign x = profile.first_name %}{{ x }}", "Ada &lt;b&gt;&amp; Co"],
  ])("no way of writing a value goes around it: %s", (template, expected) => expect(html(template)).toBe(expected));

  test("the unsubscribe link comes out as it was given, in every part", () => {
    const url = 'https://example.com/u/1?a=1&b="2"';
    const part = "<{{ unsubscribe_url }}>";
    expect(render({ subject: part, html: part, text: part }, { unsubscribe_url: url })).toMatchObject({
      subject: `<${url}>`,
      html: `<${url}>`,
      text: `<${url}>`,
    });
  });
});

describe("the provider's placeholders pass untouched", () => {
  test.each(["{{{ pm:unsubscribe }}}", "<a href='{{{pm:unsubscribe_url}}}'>bye</a>", "{{{ pm:a }}}{{{ pm:b }}}"])(
    "%s",
    (text) => expect(render({ subject: text, html: text, text })).toMatchObject({ subject: text, html: text, text }),
  );

  test("within raw, within a string, and beside Liquid", () => {
    expect(html("{% raw %}{{{ pm:a }}}{{ x }}{% endraw %}")).toBe("{{{ pm:a }}}{{ x }}");
    expect(html("{% assign link = '{{{ pm:a }}}' %}{{ link }}, {{ event.amount }}")).toBe("{{{ pm:a }}}, 3");
    expect(html("{{ '{{{ pm:a }}}' }}")).toBe("{{{ pm:a }}}");
  });

  test("and what a person wrote into a trait is never parsed", () => {
    const profile = { first_name: "{{ workspace.name }}{% raw %}" };
    expect(html("{{{ pm:a }}}{{ profile.first_name }}", { profile })).toBe("{{{ pm:a }}}{{ workspace.name }}{% raw %}");
  });
});

describe("headers", () => {
  test("line breaks and control characters become single spaces, whether written or filled in", () => {
    const breaking = { profile: { name: "Ada\r\nBcc: eve@example.com\u0000\u0085\u2028x" } };
    expect(render({ subject: "Hi\r\n{{ profile.name }}\n", fromName: "{{ profile.name }}" }, breaking)).toMatchObject({
      subject: "Hi Ada Bcc: eve@example.com x",
      fromName: "Ada Bcc: eve@example.com x",
    });
  });

  test("bodies keep their lines", () =>
    expect(render({ text: "{{ profile.note }}\n" })).toMatchObject({ text: "one\r\ntwo\n" }));
});

describe("variables", () => {
  test.each([
    ["{{ profile.nobody | default: 'there' }}", "there"],
    ["{{ profile.nobody.nothing }}", ""],
    ["{{ event_name }} {{ event.amount | plus: 1 }} {{ workspace.name }}", "signed_up 4 Acme"],
    ["{{ profile.tags | join: ', ' }} {{ profile.tags.size }} {{ profile.tags.last }}", "a, b 2 b"],
    ["{% for tag in profile.tags %}{{ forloop.index }}{{ tag }}{% endfor %}", "1a2b"],
    ["{{ event_time | date: '%B %e, %H:%M' }}", "November 21, 09:30"],
    ["{{ event_time | date: '%H:%M', 'Europe/Berlin' }}", "10:30"],
    [
      "{{ 'now' | date: '%Y-%m-%d %H:%M' }} {{ 'today' | date_to_xmlschema }}",
      "2026-11-21 12:00 2026-11-21T12:00:00+00:00",
    ],
  ])("%s", (template, expected) => expect(html(template)).toBe(expected));

  test.each([
    "{{ constructor }}",
    "{{ __proto__ }}",
    "{{ toString }}",
    "{{ profile.constructor }}",
    "{{ profile.__proto__ }}",
    "{{ profile.__proto__.constructor }}",
    "{{ profile['constructor']['name'] }}",
    "{{ profile.tags.map }}",
    "{{ profile.tags.constructor.name }}",
    "{{ profile.tags | map: 'constructor' }}",
    "{{ event.amount.toFixed }}",
    "{{ profile.tags | where: 'constructor' | size | times: 0 | replace: '0', '' }}",
  ])("nothing inherited is in reach: %s", (template) => expect(html(template)).toBe(""));

  test("one rendering leaves nothing behind for the next", () => {
    expect(html("{% increment event_name %}{% assign workspace = 1 %}{% assign event_name = 2 %}")).toBe("0");
    expect(html("{{ workspace.name }} {{ event_name }}")).toBe("Acme signed_up");
    expect(variables.event_name).toBe("signed_up");
  });

  test("the same message and variables render to the same text", () => {
    const parts = { html: "{{ profile | json }}{{ 'now' | date }}{% cycle 'a', 'b' %}" };
    expect(render(parts)).toEqual(render(parts));
  });
});

describe("a text that does not parse is named with line and column", () => {
  test.each<[string, string, unknown]>([
    [
      "an unknown filter",
      "Hello\n  {{ profile.name | shout }}",
      { line: 2, column: 3, message: "Undefined filter: shout." },
    ],
    [
      "an output that is not closed",
      "{{ profile.name",
      { line: 1, column: 1, message: expect.stringContaining("not closed") },
    ],
    [
      "a tag that is not closed",
      "a{% if profile.name %}",
      { line: 1, column: 2, message: expect.stringContaining("not closed") },
    ],
    [
      "an unknown tag after a placeholder",
      "{{{ pm:a }}} {% sned %}",
      { line: 1, column: 14, message: 'Tag "sned" not found.' },
    ],
    [
      "triple braces that are no placeholder",
      "{{{ profile.name }}}",
      { line: 1, column: 3, message: expect.stringContaining("Invalid value expression") },
    ],
    ["include", "{% include 'header' %}", { line: 1, column: 1, message: 'Tag "include" not found.' }],
    ["render", "{% render 'header' %}", { line: 1, column: 1, message: 'Tag "render" not found.' }],
    ["layout", "{% layout 'page' %}", { line: 1, column: 1, message: 'Tag "layout" not found.' }],
    ["chance", "{{ profile.tags | sample }}", { line: 1, column: 1, message: "Undefined filter: sample." }],
    [
      "nesting without end",
      "{% if a %}".repeat(5_000) + "{% endif %}".repeat(5_000),
      { line: 1, column: expect.any(Number), message: "This is nested too deeply." },
    ],
    [
      "one tag that is a program",
      `{{ ${"a or ".repeat(2_001)} a }}`,
      { line: 1, column: 1, message: "One tag is longer than 10000 characters." },
    ],
    [
      "too many tags",
      "{{ a }}".repeat(20_001),
      { line: 1, column: 140_001, message: "There are more than 20000 tags." },
    ],
    ["a text over 1 MB", "x".repeat(1_048_577), { line: 1, column: 1, message: "The template is longer than 1 MB." }],
  ])("%s", (_, text, problem) => expect(checkTemplate(text)).toEqual(problem));

  test("a text that parses has no problem", () =>
    expect(checkTemplate("Hi {{ profile.first_name | default: 'there' }}")).toBeNull());

  test("every part of a message is told", () => {
    expect(compileMessage({ subject: "{{", html: "fine", text: "{% x %}", fromName: null })).toEqual({
      ok: false,
      problems: [
        expect.objectContaining({ part: "subject", line: 1 }),
        expect.objectContaining({ part: "text", line: 1 }),
      ],
    });
  });
});

describe("a rendering that takes too much is stopped, soon, and says so", () => {
  const grow = "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..50) %}{% assign a = a | append: a %}{% endfor %}{{ a }}";
  const list = "{% assign a = (1..500000) %}";
  // As long as each other, and different only at the end.
  const alike = "{% assign a = (1..50000) | concat: (1..1) %}{% assign b = (1..50000) | concat: (2..2) %}";
  test.each([
    ["a range of 100 million", "{% for i in (1..100000000) %}x{% endfor %}"],
    [
      "loops within loops that write nothing",
      "{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}",
    ],
    ["a text doubled fifty times", grow],
    ["a large text written many times", `{% for i in (1..2000) %}${"x".repeat(50_000)}{% endfor %}`],
    [
      "a large text captured again and again",
      `{% for i in (1..2000) %}{% capture a %}{{ a }}${"x".repeat(50_000)}{% endcapture %}{% endfor %}`,
    ],
    ["a replacement that multiplies", "{% assign a = (1..20000) | join %}{{ a | replace: '1', a }}"],
    ["padding", "{{ 'now' | date: '%9999999999d' }}"],
    ["long lists compared in case", `${alike}{% case a %}${"{% when b %}".repeat(10_000)}{% endcase %}`],
    ["long lists compared in elsif", `${list}{% if a == 1 %}${"{% elsif a != a %}".repeat(5_000)}{% endif %}`],
    ["long lists searched again and again", `${list}{{ ${"a contains -1 or ".repeat(500)} a contains -1 }}`],
    ["filters on long lists", `${list}{{ a ${"| reverse ".repeat(500)} | size }}`],
    ["dates beyond number", "{% for i in (1..100000) %}{{ i | date: '%c', 'Europe/Berlin' }}{% endfor %}"],
  ])("%s", (_, template) => {
    const before = performance.now();
    expect(html(template)).toEqual({ kind: "render_limit", part: "html" });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test("an ordinary newsletter is far from it", () => {
    const items = Array.from({ length: 500 }, (_, index) => ({ name: `Item ${index}`, price: index }));
    const row =
      "{% for item in event.items %}<tr><td>{{ item.name }}</td><td>{{ item.price | times: 1.2 | round: 2 }}</td></tr>{% endfor %}";
    expect(html(`${"<p>…</p>".repeat(50_000)}${row}`, { event: { items } })).toContain("Item 499");
  });
});

test("what a filter cannot digest is an error with its place, not a throw", () =>
  expect(html("Hello\n{{ '%' | url_decode }}")).toEqual({
    kind: "render_error",
    part: "html",
    line: 2,
    column: 1,
    message: "URI malformed.",
  }));

test("the messages of one step parse its texts once", () => {
  const parts = { subject: "Once {{ profile.first_name }}", html: "<p>Once</p>", text: null, fromName: null };
  const [first, second] = [compileMessage(parts), compileMessage({ ...parts })];
  expect(
    first.ok &&
      second.ok &&
      first.message.html === second.message.html &&
      first.message.subject === second.message.subject,
  ).toBe(true);
});

test("a text is parsed for its own part: the same words escape in HTML and nowhere else", () => {
  const liquid = "{{ profile.first_name }}!";
  expect(render({ subject: liquid })).toMatchObject({ subject: "Ada <b>& Co!" });
  expect(render({ html: liquid })).toMatchObject({ html: "Ada &lt;b&gt;&amp; Co!" });
});
