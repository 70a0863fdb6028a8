import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { forgetEnv } from "../env";
import { readUnsubscribeToken } from "../sends/unsubscribe-link";
import { emailStep } from "../testing/factory";
import { withSteps } from "./testing/cases";
import { makeWorld, quiesce } from "./testing/world";

beforeEach(() => {
  process.env.APP_URL = "https://mail.example.com";
  forgetEnv();
});
afterEach(quiesce);

const placeholder = "{{{ pm:unsubscribe }}}";
const ours = "https://mail.example.com/u/";
const stream = (type: string, unsubscribeHandling: string) => [
  { id: "broadcast", name: "Stream", type, unsubscribeHandling, archived: false },
];
const withLink = {
  html: `<body><a href="{{ unsubscribe_url }}">Out</a> or {{ unsubscribe_url }} or {{ unsubscribe_url | raw }}</body>`,
  text: "Out: {{ unsubscribe_url }}",
};
const withoutLink = { html: "<body><p>Hi</p></body>", text: "Hi" };

/** What leaves for one person. */
async function sent({
  streams = stream("broadcast", "provider"),
  by = placeholder,
  body = withoutLink,
  to = "ada@example.com",
  over = {},
}: {
  streams?: object[];
  by?: string | null;
  body?: { html: string | null; text: string | null };
  to?: string;
  over?: Record<string, string>;
}) {
  const world = await makeWorld({
    definition: withSteps((id) => [emailStep("welcome", id, { ...body, ...over })]),
    connection: { streams, allowTransactional: true },
  });
  world.fake.unsubscribePlaceholder = by;
  await world.enroll([{ email: to, traits: { first_name: "Ada\r\nBcc: eve@example.com" } }]);
  await world.pass();
  const message = world.fake.outbox[0]?.message;
  if (message === undefined) throw new Error(`nothing left: ${JSON.stringify(await world.sends())}`);
  return { world, message };
}
const count = (text: string | null, part: string) => (text ?? "").split(part).length - 1;

describe("on a stream whose unsubscribes the provider manages", () => {
  test("its placeholder stands where the link was asked for, and header and footer are left to it", async () => {
    const { message } = await sent({ body: withLink });
    expect(message.html).toBe(`<body><a href="${placeholder}">Out</a> or ${placeholder} or ${placeholder}</body>`);
    expect(message.text).toBe(`Out: ${placeholder}`);
    expect(message.headers).toEqual([]);
  });

  test("a body without a link leaves as it was written", async () => {
    const { message } = await sent({});
    expect([message.html, message.text, message.headers]).toEqual([withoutLink.html, withoutLink.text, []]);
  });
});

describe.each([
  ["a stream of custom handling", { streams: stream("broadcast", "custom") }],
  ["a transactional stream that was allowed", { streams: stream("transactional", "none") }],
  ["streams that were never read", { streams: [] }],
  ["a provider without a placeholder", { by: null }],
])("on %s", (_name, given) => {
  test("our link stands wherever it was asked for, and in the header for one click", async () => {
    const { world, message } = await sent({ ...given, body: withLink });
    const [, url = ""] = /href="([^"]+)"/.exec(message.html ?? "") ?? [];
    expect(url.startsWith(ours)).toBe(true);
    expect(message.html).toBe(`<body><a href="${url}">Out</a> or ${url} or ${url}</body>`);
    expect(message.text).toBe(`Out: ${url}`);
    expect(message.headers).toEqual([
      { name: "List-Unsubscribe", value: `<${url}>` },
      { name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click" },
    ]);
    const [send] = await world.sends();
    expect(readUnsubscribeToken(url.slice(ours.length))).toEqual({
      workspaceId: world.workspaceId,
      connectionId: world.connection.id,
      sendId: send?.id,
      stream: "broadcast",
      email: "ada@example.com",
    });
  });

  test("a body that shows no link gets one, once, within the body", async () => {
    const { message } = await sent(given);
    expect([count(message.html, ours), count(message.text, ours)]).toEqual([1, 1]);
    expect(message.html).toMatch(/<\/p><div.*>Unsubscribe<\/a><\/div><\/body>$/);
    const textOnly = await sent({ ...given, body: { html: null, text: "Hi" } });
    expect(textOnly.message.html).toBeNull();
  });
});

test("the provider's placeholder, written by hand, is left as it stands", async () => {
  const { message } = await sent({
    streams: stream("transactional", "none"),
    body: { html: `<p>${placeholder}</p>`, text: null },
  });
  expect(message.html).toBe(`<p>${placeholder}</p>`);
  expect(message.headers).toHaveLength(2);
});

test("no trait, name or link brings a line of its own into a header", async () => {
  const { message } = await sent({
    by: null,
    over: { subject: "Hi {{ profile.first_name }}", from_name: "{{ profile.first_name }}" },
  });
  const fields = [message.subject, message.from, ...message.headers.flatMap(({ name, value }) => [name, value])];
  for (const field of fields) expect(field).not.toMatch(/[\r\n]/);
  expect(message.subject).toBe("Hi Ada Bcc: eve@example.com");
});
