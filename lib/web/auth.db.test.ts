import type { CredentialsConfig } from "next-auth/providers/credentials";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { forgetEnv } from "../env";
import { createUser, setPassword, userOfSession } from "../workspaces";
import { authOptions } from "./auth";

const email = "ada@example.com";
const password = "correct horse battery";
let id: string;
beforeAll(async () => {
  ({ id } = await createUser({ email, password }));
});
afterEach(() => {
  delete process.env.APP_URL;
  forgetEnv();
});

/** As next-auth calls it: a form and the headers of its request. */
function authorize(form: Record<string, string>, origin = "192.0.2.1") {
  const [provider] = authOptions().providers as unknown as [{ options: CredentialsConfig }];
  return provider.options.authorize(form, { headers: { "x-forwarded-for": `203.0.113.9, ${origin}` } });
}
const callbacks = (publicOrigin?: string) => {
  const { callbacks } = authOptions(publicOrigin);
  if (!callbacks?.redirect || !callbacks.jwt || !callbacks.session) throw new Error("a callback is missing");
  return { redirect: callbacks.redirect, jwt: callbacks.jwt, session: callbacks.session };
};

describe("next-auth's credentials", () => {
  test("become a session that says whose it is and since when, whatever the case of the address", async () => {
    const user = await authorize({ email: ` ${email.toUpperCase()} `, password });
    expect(user).toMatchObject({ id, email });
    if (!user) throw new Error("not let in");
    const token = await callbacks().jwt({ token: { sub: id }, user, account: null });
    const session = { expires: "", userId: "", signedInAtMs: 0 };
    const made = await callbacks().session({
      session,
      token,
      user: { ...user, email, emailVerified: null },
      newSession: null,
      trigger: "update",
    });
    expect(made).toMatchObject({ userId: id, signedInAtMs: user.signedInAtMs });
    expect(await userOfSession({ userId: id, signedInAtMs: user.signedInAtMs })).toMatchObject({ email });
    await setPassword({ email, password });
    expect(await userOfSession({ userId: id, signedInAtMs: user.signedInAtMs })).toBeNull();
  });

  test("that are wrong or missing are refused with a sentence", async () => {
    await expect(authorize({ email, password: "wrong" })).rejects.toThrow(
      "The email address or the password is wrong.",
    );
    await expect(authorize({ email: "", password: "" })).rejects.toThrow("Enter your email address and password.");
  });

  test("are refused for a while after five failures, and it says for how long", async () => {
    const form = { email: "grace@example.com", password: "wrong" };
    for (let turn = 0; turn < 5; turn++) await expect(authorize(form)).rejects.toThrow(/is wrong/);
    await expect(authorize(form)).rejects.toThrow("Too many failed attempts. Try again in 15 minutes.");
  });
});

test("cookies travel by https only, where the app does", () => {
  process.env.APP_URL = "https://gflux.example.com";
  forgetEnv();
  expect(authOptions().useSecureCookies).toBe(true);
  process.env.APP_URL = "http://localhost:3000";
  forgetEnv();
  expect(authOptions().useSecureCookies).toBe(false);
});

test.each([
  ["/acme", "http://127.0.0.1:4000/acme"],
  ["http://127.0.0.1:4000/acme", "http://127.0.0.1:4000/acme"],
  ["https://evil.example/", "http://127.0.0.1:4000"],
  ["//evil.example/", "http://127.0.0.1:4000"],
])("a sign-in that wants to go to %s goes to %s", async (url, goal) => {
  const { redirect } = callbacks("http://127.0.0.1:4000");
  expect(await redirect({ url, baseUrl: "http://localhost:3000" })).toBe(goal);
});
