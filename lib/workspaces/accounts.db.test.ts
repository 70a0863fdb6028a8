import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { db } from "../db";
import { forgetEnv } from "../env";
import {
  actorOfUser,
  changeName,
  changePassword,
  createResetLink,
  createUser,
  createWorkspace,
  invite,
  openWorkspace,
  resetOfToken,
  resetPassword,
  setPassword,
  signIn,
  signUp,
  signUpState,
  userOfSession,
  verifyPassword,
} from "./index";
import type { SignUpInput, User } from "./schema";

const password = "correct horse battery";
let serial = 0;
const address = () => `person-${++serial}@example.com`;
const person = (email = address()) => createUser({ email, password });
const attempt = (email: string, over: object = {}) => ({ email, password, origin: null, ...over });
const signup = (mode: string) => {
  process.env.SIGNUP = mode;
  forgetEnv();
};
const form = (over: Partial<SignUpInput> = {}): SignUpInput => ({ email: address(), password, name: null, ...over });
const tokenOf = (url: string) => url.split("/").at(-1) ?? "";

async function own(user: User, name = "Acme") {
  const { slug } = await openWorkspace(user, { name });
  const actor = await actorOfUser(user.id, slug);
  if (actor === null) throw new Error("the owner is not a member");
  return { slug, actor };
}

/** Brings `user` into the workspace of `actor`. */
async function bring(actor: Awaited<ReturnType<typeof own>>["actor"], user: User, role: "viewer" | "owner" = "viewer") {
  await db.prisma.membership.create({ data: { workspaceId: actor.workspaceId, userId: user.id, role } });
}

beforeEach(async () => {
  await db.sql("delete from throttles");
  signup("open");
});
afterEach(() => {
  delete process.env.SIGNUP;
  forgetEnv();
});

describe("signing up", () => {
  test("SIGNUP=first lets in exactly one, also of many at once", async () => {
    await db.sql("delete from users");
    signup("first");
    expect(await signUpState()).toBe("open");
    const answers = await Promise.allSettled([1, 2, 3].map(() => signUp(form())));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) if (answer.status === "rejected") expect(answer.reason.code).toBe("forbidden");
    expect(await signUpState()).toBe("closed");
  });

  test("SIGNUP=closed lets in no stranger, and says what to do", async () => {
    signup("closed");
    expect(await signUpState()).toBe("closed");
    await expect(signUp(form())).rejects.toThrow(/Ask an owner of your workspace for an invitation/);
  });

  test("an invitation lets in when sign-up is closed, and makes a member at once", async () => {
    const { actor, slug } = await own(await person());
    const { url } = await invite(actor, { role: "marketer", email: null });
    signup("closed");
    const { user, slug: landed } = await signUp(form({ invitation_token: tokenOf(url) }));
    expect(landed).toBe(slug);
    expect((await actorOfUser(user.id, slug))?.role).toBe("marketer");
    await expect(signUp(form({ invitation_token: tokenOf(url) }))).rejects.toThrow(/was used already/);
  });

  test("an invitation for one address makes no account for another", async () => {
    const { actor } = await own(await person());
    const { url } = await invite(actor, { role: "viewer", email: "grace@example.com" });
    const other = form({ invitation_token: tokenOf(url) });
    await expect(signUp(other)).rejects.toThrow(/is for grace@example.com/);
    expect(await verifyPassword(attempt(other.email))).toBeNull();
  });

  test("an address has one account", async () => {
    const { email } = await person();
    await expect(signUp(form({ email }))).rejects.toMatchObject({
      code: "conflict",
      extras: { fields: { email: [expect.any(String)] } },
    });
  });
});

describe("signing in", () => {
  test("takes the right password only, and tells a wrong one from an unknown address by nothing", async () => {
    const { email, id } = await person();
    expect((await signIn(attempt(email))).user.id).toBe(id);
    const refusals = await Promise.allSettled([
      signIn(attempt(email, { password: "wrong wrong wrong" })),
      signIn(attempt("nobody@example.com")),
    ]);
    expect(refusals.map((refusal) => refusal.status === "rejected" && refusal.reason.message)).toEqual(
      Array(2).fill("The email address or the password is wrong."),
    );
  });

  test("five failures close an address for a while, even to the right password, and say for how long", async () => {
    const { email } = await person();
    for (let turn = 0; turn < 5; turn++) expect(await verifyPassword(attempt(email, { password: "x" }))).toBeNull();
    const refused = await verifyPassword(attempt(email)).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: "rate_limited", message: expect.stringMatching(/Try again in 15 minutes/) });
    expect(refused.retryAfterSeconds).toBeGreaterThan(880);
    expect(await verifyPassword(attempt((await person()).email))).not.toBeNull();
  });

  test("failures made at once count as well", async () => {
    const { email } = await person();
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => verifyPassword(attempt(email, { password: "x" }))),
    );
    expect(tries.filter(({ status }) => status === "rejected")).toHaveLength(3);
  });

  test("twenty failures close an origin, whatever the addresses", async () => {
    const origin = "192.0.2.7";
    const guess = (to: number) => verifyPassword({ email: `guess-${to}@example.com`, password: "x", origin });
    for (let to = 0; to < 20; to++) expect(await guess(to)).toBeNull();
    await expect(guess(20)).rejects.toMatchObject({ code: "rate_limited" });
    const { email } = await person();
    await expect(verifyPassword(attempt(email, { origin }))).rejects.toMatchObject({ code: "rate_limited" });
    expect(await verifyPassword(attempt(email, { origin: "192.0.2.8" }))).not.toBeNull();
  }, 60_000);

  test("a good sign-in forgets the failures before it, and a window ends by itself", async () => {
    const { email } = await person();
    for (let turn = 0; turn < 4; turn++) await verifyPassword(attempt(email, { password: "x" }));
    expect(await verifyPassword(attempt(email))).not.toBeNull();
    for (let turn = 0; turn < 5; turn++) expect(await verifyPassword(attempt(email, { password: "x" }))).toBeNull();
    await db.sql("update throttles set reset_at = now() - interval '1 second'");
    expect(await verifyPassword(attempt(email))).not.toBeNull();
  });
});

describe("sessions and passwords", () => {
  test("a new password ends every session from before, and none after", async () => {
    const user = await person();
    const before = await signIn(attempt(user.email));
    const session = (signedIn: typeof before) =>
      userOfSession({ userId: user.id, signedInAtMs: signedIn.signedInAtMs });
    expect(await session(before)).toMatchObject({ email: user.email });
    await changePassword(user, { current_password: password, new_password: "another good one" });
    expect(await session(before)).toBeNull();
    const after = await signIn(attempt(user.email, { password: "another good one" }));
    expect(await session(after)).not.toBeNull();
    await setPassword({ email: user.email, password });
    expect(await session(after)).toBeNull();
  });

  test("a session of an account that is gone is over", async () => {
    expect(await userOfSession({ userId: crypto.randomUUID(), signedInAtMs: Date.now() })).toBeNull();
  });

  test("only who knows the current password changes it, and guesses count", async () => {
    const user = await person();
    const change = () => changePassword(user, { current_password: "wrong", new_password: "another good one" });
    for (let turn = 0; turn < 5; turn++)
      await expect(change()).rejects.toMatchObject({ extras: { fields: { current_password: [expect.any(String)] } } });
    await expect(change()).rejects.toMatchObject({ code: "rate_limited" });
  });

  test("a name is shown until it is taken away", async () => {
    const user = await person();
    expect((await changeName(user, { name: "Ada" })).name).toBe("Ada");
    expect((await changeName(user, { name: null })).name).toBeNull();
  });

  test("setPassword says when nobody has the address", async () => {
    await expect(setPassword({ email: "nobody@example.com", password })).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a password link", () => {
  test("sets a password once, ends sessions and lifts the throttle", async () => {
    const { actor } = await own(await person());
    const member = await person();
    await bring(actor, member);
    const session = await signIn(attempt(member.email));
    for (let turn = 0; turn < 6; turn++)
      await verifyPassword(attempt(member.email, { password: "x" })).catch((refused) =>
        expect(refused.code).toBe("rate_limited"),
      );
    const token = tokenOf((await createResetLink(actor, { user_id: member.id })).url);
    expect(await resetOfToken(token)).toEqual({ email: member.email });
    expect(await resetPassword({ token, new_password: "another good one" })).toEqual({ email: member.email });
    expect(await userOfSession({ userId: member.id, signedInAtMs: session.signedInAtMs })).toBeNull();
    expect(await verifyPassword(attempt(member.email, { password: "another good one" }))).not.toBeNull();
    expect(await resetOfToken(token)).toBeNull();
    await expect(resetPassword({ token, new_password: "yet another one" })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("is made by owners only, for members only", async () => {
    const { actor } = await own(await person());
    const member = await person();
    await bring(actor, member);
    const admin = { ...actor, role: "admin" as const };
    await expect(createResetLink(admin, { user_id: member.id })).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await person();
    await expect(createResetLink(actor, { user_id: stranger.id })).rejects.toMatchObject({ code: "not_found" });
  });

  test("never opens a workspace that its maker does not own, not even one joined later", async () => {
    const [first, second] = [await own(await person()), await own(await person(), "Second")];
    const member = await person();
    await bring(first.actor, member);
    const token = tokenOf((await createResetLink(first.actor, { user_id: member.id })).url);
    await bring(second.actor, member);
    await expect(createResetLink(first.actor, { user_id: member.id })).rejects.toThrow(
      /workspaces that you do not own/,
    );
    await expect(resetPassword({ token, new_password: "another good one" })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await verifyPassword(attempt(member.email))).not.toBeNull();
  });

  test("expires after a day", async () => {
    const { actor } = await own(await person());
    const member = await person();
    await bring(actor, member);
    const { url, expires_at } = await createResetLink(actor, { user_id: member.id });
    expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(24 * 3600_000 + 60_000);
    await db.sql("update password_resets set expires_at = now() - interval '1 second' where user_id = $1", [member.id]);
    await expect(resetPassword({ token: tokenOf(url), new_password: "another good one" })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

test("the command line's workspace is enough to work with: an owner who can sign in and a key of each kind", async () => {
  const owner_email = address();
  const made = await createWorkspace({ name: "Demo", owner_email, owner_password: password });
  expect(made).toMatchObject({ owner: { email: owner_email }, slug: "demo" });
  expect(made.secret_key).toMatch(/^gflux_secret_live_/);
  expect(made.publishable_key).toMatch(/^gflux_pub_live_/);
  const { user } = await signIn(attempt(owner_email));
  expect(await actorOfUser(user.id, "demo")).toMatchObject({ workspaceId: made.workspace_id, role: "owner" });
  const again = await createWorkspace({ name: "Demo", owner_email, owner_password: password });
  expect(again.slug).toBe("demo-2");
  await expect(createWorkspace({ name: "Demo", owner_email, owner_password: "wrong wrong wrong" })).rejects.toThrow(
    /another password/,
  );
});

test("what the operator hands in is checked as a form is, and stored in one spelling", async () => {
  const user = await createUser({ email: " Grace@Example.COM ", password, name: " Grace " });
  expect(user).toMatchObject({ email: "grace@example.com", name: "Grace" });
  await expect(createUser({ email: "nobody", password: "short" })).rejects.toMatchObject({
    code: "validation_error",
    extras: { fields: { email: [expect.any(String)], password: [expect.any(String)] } },
  });
  await expect(setPassword({ email: user.email, password: "short" })).rejects.toMatchObject({
    code: "validation_error",
  });
  await expect(createWorkspace({ name: "", owner_email: address(), owner_password: password })).rejects.toMatchObject({
    code: "validation_error",
  });
});
