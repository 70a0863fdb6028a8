import { describe, expect, test } from "vitest";
import * as z from "zod";
import { changeConnectionInput, connection, createConnectionInput, validateDraftInput } from "./schema";

const body = { provider: "postmark", display_name: "Production", server_token: "token-1" };
const fieldsOf = (input: unknown, schema: z.ZodType = createConnectionInput) => {
  const parsed = schema.safeParse(input);
  return parsed.success ? {} : z.flattenError(parsed.error).fieldErrors;
};

test("name and token are enough", () => {
  expect(createConnectionInput.parse(body)).toEqual({ ...body, allow_transactional: false });
});

test("a form's spaces and empty fields are taken for what they mean", () => {
  const form = {
    ...body,
    server_token: "  token-1\n",
    display_name: " Production ",
    from_email: "",
    from_name: " ",
    reply_to_email: null,
    message_stream: "",
  };
  expect(createConnectionInput.parse(form)).toEqual({
    ...body,
    from_email: null,
    from_name: null,
    reply_to_email: null,
    message_stream: null,
    allow_transactional: false,
  });
});

describe("refused, with a sentence", () => {
  test.each([
    ["server_token", "", /visible characters/],
    ["server_token", "two words", /visible characters/],
    ["server_token", "x".repeat(201), /visible characters/],
    ["server_token", "a\u0000b", /visible characters/],
    ["display_name", "  ", /name/],
    ["display_name", "x".repeat(101), /100/],
    ["display_name", "two\nlines", /single line/],
    ["from_name", "Acme\r\nBcc: x@example.com", /single line/],
    ["from_email", "Acme <hello@example.com>", /one bare address/],
    ["from_email", "a@example.com, b@example.com", /one bare address/],
    ["reply_to_email", "nobody", /one bare address/],
    ["message_stream", "../servers", /stream's id/],
    ["message_stream", "Broadcast?x=1", /stream's id/],
  ])("%s %j", (field, value, sentence) => {
    expect(fieldsOf({ ...body, [field]: value })).toEqual({ [field]: [expect.stringMatching(sentence)] });
  });

  const smtp = { provider: "smtp", display_name: "Mail", from_email: "a@example.com", smtp_host: "mail.example.com" };
  test.each([
    ["from_email", undefined, /needs a sender address/],
    ["smtp_host", undefined, /host name/],
    ["smtp_host", "https://mail.example.com", /without protocol/],
    ["smtp_host", "mail.example.com\r\nQUIT", /without protocol/],
    ["smtp_port", 70_000, /1 to 65535/],
    ["smtp_secure", "maybe", /starttls, tls or none/],
    ["username", "acme", /password that goes with/],
    ["password", "secret", /user name that goes with/],
    ["password", "two\nlines", /visible/],
  ])("by SMTP %s %j", (field, value, sentence) => {
    const said = Object.values(fieldsOf({ ...smtp, [field]: value })).flat();
    expect(said).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]));
  });

  test("what belongs to the other kind", () => {
    expect(fieldsOf({ id: "x", provider: "smtp", server_token: "t" }, changeConnectionInput)).toEqual({
      server_token: [expect.stringContaining("belongs to provider “postmark”")],
    });
    expect(fieldsOf({ id: "x", provider: "postmark", password: "t" }, changeConnectionInput)).toEqual({
      password: [expect.stringContaining("belongs to provider “smtp”")],
    });
  });
});

test("host, sender and name are enough for SMTP: STARTTLS on 587, without a login", () => {
  const smtp = { provider: "smtp", display_name: "Mail", from_email: "a@example.com", smtp_host: "Mail.example.com" };
  expect(createConnectionInput.parse({ ...smtp, username: "", password: null })).toEqual({
    ...smtp,
    smtp_host: "mail.example.com",
    smtp_port: 587,
    smtp_secure: "starttls",
    username: null,
    password: null,
  });
});

test("any 1 to 200 visible characters are a token", () => {
  for (const token of ["x", "POSTMARK_API_TEST", "!~{}", "x".repeat(200)])
    expect(createConnectionInput.parse({ ...body, server_token: token })).toMatchObject({ server_token: token });
});

test("a change names only what changes, and null takes away", () => {
  expect(changeConnectionInput.parse({ id: "x" })).toEqual({ id: "x" });
  expect(changeConnectionInput.parse({ id: "x", from_email: null })).toEqual({ id: "x", from_email: null });
});

test("Validate needs no name yet", () => {
  expect(validateDraftInput.parse({ provider: "postmark", server_token: "t" })).toMatchObject({ server_token: "t" });
});

test("what is shown of a connection has no place for a token", () => {
  expect(Object.keys(connection.shape).filter((key) => /token|credential|sealed|password/.test(key))).toEqual([
    "server_token_last4",
    "password_set",
  ]);
});
