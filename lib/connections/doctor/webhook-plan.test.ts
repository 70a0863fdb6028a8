import { expect, test } from "vitest";
import { hookTriggers, type ProviderWebhook } from "../provider-setup";
import { duplicatesOf, isOurs, webhookPlan } from "./webhook-plan";

const path = "/api/webhooks/w/data_connections/c/postmark";
const hook = { url: `https://mail.example.com${path}`, path, secret: "now%2", previousSecret: "before" };
const webhook = (over: Partial<ProviderWebhook> = {}): ProviderWebhook => ({
  id: "1",
  url: hook.url,
  stream: "broadcast",
  verified: true,
  auth: { username: "gflux", password: hook.secret },
  headers: [],
  triggers: [...hookTriggers],
  firstOpenOnly: false,
  ...over,
});
const known = { hook, statistics: new Map() };

test.each([
  ["an upper-case host", "https://MAIL.example.com", hook.url],
  ["a port that goes without saying", "https://mail.example.com:443", hook.url],
  ["a slash at the end", "https://mail.example.com", `${hook.url}/`],
  ["another host", "https://mail.example.com", `https://old.example.com${path}`],
])("one address in two spellings is one, and another is another: %s", (name, origin, there) => {
  const plan = webhookPlan([webhook({ url: there })], { ...known, hook: { ...hook, url: `${origin}${path}` } });
  expect(plan.kind).toBe(name === "another host" ? "edit" : "fine");
});

test("a password with a stray % in the URL is read as it stands", () => {
  const inUrl = (userinfo: string) => webhook({ url: `https://${userinfo}@mail.example.com${path}`, auth: null });
  expect(webhookPlan([inUrl("gflux:now%2")], known)).toMatchObject({ kind: "fine" });
  expect(webhookPlan([inUrl("gflux:now%252")], known)).toMatchObject({ kind: "fine" });
  expect(webhookPlan([inUrl("gf%lux:100%")], known)).toMatchObject({ kind: "edit", grave: true });
  expect(isOurs(inUrl("%:%"), hook)).toBe(true);
});

test("of two webhooks the one that works is kept, also where the older one is only paused", () => {
  const [paused, works] = [webhook({ id: "1" }), webhook({ id: "2" })];
  const statistics = new Map([["1", { paused: ["Bounce" as const], requests: 9, failures: 9 }]]);
  expect(duplicatesOf([paused, works], { hook, statistics })).toEqual([paused]);
  expect(webhookPlan([paused, works], { hook, statistics })).toMatchObject({ kind: "fine", webhook: works });
  const unverified = webhook({ id: "1", verified: false });
  expect(duplicatesOf([unverified, works], known)).toEqual([unverified]);
  expect(duplicatesOf([webhook({ id: "10" }), webhook({ id: "9" })], known)).toEqual([webhook({ id: "10" })]);
});
