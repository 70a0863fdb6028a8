import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { read } from "./env";

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString("base64")}`;
const whole = {
  DATABASE_URL: "postgresql://localhost/gflux",
  NEXTAUTH_SECRET: "sixteen-letters!",
  CRON_SECRET: "sixteen-letters!",
  ENCRYPTION_KEYS: key("a", 1),
};

test.each(["DATABASE_URL", "NEXTAUTH_SECRET", "CRON_SECRET", "ENCRYPTION_KEYS"])(
  "a process without %s says so in one sentence that names it",
  (name) => {
    expect(() => read({ ...whole, [name]: "" })).toThrow(`The environment variable ${name} is not set.`);
  },
);

test.each([
  ["NEXTAUTH_SECRET", "too-short"],
  ["CRON_SECRET", "fifteen-letters"],
  ["ENCRYPTION_KEYS", "a:c2hvcnQ="],
  ["ENCRYPTION_KEYS", Buffer.alloc(32, 1).toString("base64")],
  ["DATABASE_URL", "mysql://localhost/gflux"],
  ["RATE_LIMIT", "many"],
  ["RATE_LIMIT", "0/10"],
  ["SIGNUP", "maybe"],
  ["SMTP_ALLOW_PRIVATE", "yes"],
  ["APP_URL", "example.com"],
  ["APP_URL", "https://mail.example.com/?from=here"],
  ["PORT", "70000"],
])("%s=%s is refused by name, and the value is not repeated", (name, value) => {
  const refusal = (() => {
    try {
      return read({ ...whole, [name]: value });
    } catch (thrown) {
      return String(thrown);
    }
  })();
  expect(refusal).toContain(`The environment variable ${name} `);
  if (/SECRET|KEYS/.test(name)) expect(refusal).not.toContain(value);
});

test("the first of several encryption keys seals, the others are kept for opening", () => {
  const { encryptionKeys } = read({ ...whole, ENCRYPTION_KEYS: `${key("new", 2)}, ${key("old", 1)}` });
  expect(encryptionKeys.map(({ id }) => id)).toEqual(["new", "old"]);
});

test("private addresses are closed to SMTP in production unless they are opened", () => {
  const allowed = (over: object) => read({ ...whole, ...over }).smtpAllowPrivate;
  expect([allowed({}), allowed({ SMTP_ALLOW_PRIVATE: "off" })]).toEqual([true, false]);
  const NODE_ENV = "production";
  expect([allowed({ NODE_ENV }), allowed({ NODE_ENV, SMTP_ALLOW_PRIVATE: "on" })]).toEqual([false, true]);
});

test("an empty variable counts as missing, and the public origin follows the port", () => {
  expect(read({ ...whole, APP_URL: "", PORT: "4000" }).appUrl).toBe("http://localhost:4000");
  expect(read({ ...whole, APP_URL: "https://mail.example.com/" }).appUrl).toBe("https://mail.example.com");
});

test.each([
  ["https://Mail.EXAMPLE.com", "https://mail.example.com"],
  ["HTTPS://mail.example.com:443/", "https://mail.example.com"],
  ["http://mail.example.com:80//", "http://mail.example.com"],
  ["https://mail.example.com:8443/", "https://mail.example.com:8443"],
  ["https://example.com/Mail/", "https://example.com/Mail"],
  ["http://[::1]:3000", "http://[::1]:3000"],
])("links and webhook URLs are the same, however APP_URL is written: %s", (given, written) => {
  expect(read({ ...whole, APP_URL: given }).appUrl).toBe(written);
});

test("a pooler gets no LISTEN unless there is a direct way", () => {
  const pooled = { ...whole, DATABASE_POOLED: "1" };
  expect(read(pooled).listenUrl).toBeUndefined();
  expect(read({ ...pooled, DATABASE_DIRECT_URL: "postgresql://direct/gflux" }).listenUrl).toContain("direct");
});

test("every variable that is read is told in README's table, which errors point to, and no other", () => {
  const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const known = [...text("./env.ts").matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name);
  const [, table = ""] = /^## Environment\n([\s\S]*?)\nTo rotate/m.exec(text("../README.md")) ?? [];
  const told = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = ""]) => cell.match(/[A-Z_]{4,}/g) ?? []);
  expect(told.toSorted()).toEqual(known.filter((name) => name !== "NODE_ENV").toSorted());
});
