import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, type Role, roles } from "../actor";
import { db } from "../db";
import {
  acceptInvitation,
  actorOfUser,
  changeRole,
  changeWorkspace,
  createUser,
  getWorkspace,
  invite,
  listAudit,
  listInvitations,
  listMembers,
  listWorkspaces,
  openWorkspace,
  removeMember,
  resumeSending,
  revokeInvitation,
  stopSending,
  viewInvitation,
} from "./index";
import type { User } from "./schema";

let serial = 0;
/** People who never sign in here: their password is not worth the hashing. */
async function person(): Promise<User> {
  const email = `member-${++serial}@example.com`;
  const { id } = await db.prisma.user.create({ data: { email, passwordHash: "none" } });
  return { id, email, name: null };
}

async function seat(role: Role, workspaceId: string): Promise<{ actor: Actor; user: User }> {
  const user = await person();
  await db.prisma.membership.create({ data: { workspaceId, userId: user.id, role } });
  const { slug } = await db.prisma.workspace.findUniqueOrThrow({ where: { id: workspaceId } });
  const actor = await actorOfUser(user.id, slug);
  if (actor === null) throw new Error("not seated");
  return { actor, user };
}

async function workspace(name = "Acme") {
  const user = await person();
  const { id, slug } = await openWorkspace(user, { name });
  const owner = await actorOfUser(user.id, slug);
  if (owner === null) throw new Error("no owner");
  return { id, slug, owner, user };
}

const tokenOf = (url: string) => url.split("/").at(-1) ?? "";
let mine: Awaited<ReturnType<typeof workspace>>;
let theirs: Awaited<ReturnType<typeof workspace>>;
beforeAll(async () => {
  [mine, theirs] = [await workspace("Mine"), await workspace("Theirs")];
});

describe("membership", () => {
  test("a person is someone in their own workspaces and nobody in others", async () => {
    expect(await actorOfUser(mine.user.id, mine.slug)).toMatchObject({ role: "owner", workspaceId: mine.id });
    expect(await actorOfUser(mine.user.id, theirs.slug)).toBeNull();
    expect(await actorOfUser(mine.user.id, "no-such-workspace")).toBeNull();
    expect((await listWorkspaces(mine.user)).map(({ slug }) => slug)).toEqual([mine.slug]);
  });

  test("two workspaces of one name get two slugs, also when made at once", async () => {
    const user = await person();
    const made = await Promise.all([1, 2, 3].map(() => openWorkspace(user, { name: "Twin" })));
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(3);
    expect(await listWorkspaces(user)).toHaveLength(3);
  });

  test.each(roles)("a %s sees who is here, and only of this workspace", async (role) => {
    const { actor } = await seat(role, mine.id);
    const { data } = await listMembers(actor);
    expect(data[0]?.role).toBe("owner");
    expect(data.map(({ user_id }) => user_id)).not.toContain(theirs.user.id);
  });

  test.each([
    ["owner", true],
    ["admin", true],
    ["marketer", false],
    ["viewer", false],
  ] as const)("a %s may change members and settings: %s", async (role, may) => {
    const [{ actor }, { user }] = [await seat(role, mine.id), await seat("viewer", mine.id)];
    const acts = [
      () => changeRole(actor, { user_id: user.id, role: "marketer" }),
      () => removeMember(actor, { user_id: user.id }),
      () => invite(actor, { role: "viewer", email: null }),
      () => changeWorkspace(actor, { timezone: "Europe/Berlin" }),
      () => listAudit(actor, { limit: 1 }),
    ];
    for (const act of acts) {
      if (may) await act();
      else await expect(act()).rejects.toMatchObject({ code: "forbidden" });
    }
  });

  test("a changed role and a removal hold from the next request on", async () => {
    const { user } = await seat("viewer", mine.id);
    await changeRole(mine.owner, { user_id: user.id, role: "admin" });
    expect((await actorOfUser(user.id, mine.slug))?.role).toBe("admin");
    await removeMember(mine.owner, { user_id: user.id });
    expect(await actorOfUser(user.id, mine.slug)).toBeNull();
  });

  test("anyone may leave", async () => {
    const { actor, user } = await seat("viewer", mine.id);
    await removeMember(actor, { user_id: user.id });
    expect(await actorOfUser(user.id, mine.slug)).toBeNull();
  });

  test("another workspace's people cannot be touched", async () => {
    for (const act of [
      () => changeRole(mine.owner, { user_id: theirs.user.id, role: "viewer" }),
      () => removeMember(mine.owner, { user_id: theirs.user.id }),
      () => removeMember(mine.owner, { user_id: "not-an-id" }),
    ])
      await expect(act()).rejects.toMatchObject({ code: "not_found" });
    expect(await actorOfUser(theirs.user.id, theirs.slug)).toMatchObject({ role: "owner" });
  });
});

describe("owners", () => {
  test("only an owner makes, removes or invites owners", async () => {
    const [admin, viewer] = [await seat("admin", mine.id), await seat("viewer", mine.id)];
    for (const act of [
      () => changeRole(admin.actor, { user_id: viewer.user.id, role: "owner" }),
      () => changeRole(admin.actor, { user_id: mine.user.id, role: "viewer" }),
      () => changeRole(admin.actor, { user_id: admin.user.id, role: "owner" }),
      () => removeMember(admin.actor, { user_id: mine.user.id }),
      () => invite(admin.actor, { role: "owner", email: null }),
    ])
      await expect(act()).rejects.toMatchObject({ code: "forbidden" });
    const offered = await invite(mine.owner, { role: "owner", email: null });
    await expect(revokeInvitation(admin.actor, { invitation_id: offered.id })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect((await viewInvitation(tokenOf(offered.url)))?.state).toBe("open");
    expect((await changeRole(mine.owner, { user_id: viewer.user.id, role: "owner" })).role).toBe("owner");
  });

  test("the last one is neither demoted nor removed, nor leaves", async () => {
    const { owner, user } = await workspace();
    for (const act of [
      () => changeRole(owner, { user_id: user.id, role: "admin" }),
      () => removeMember(owner, { user_id: user.id }),
    ])
      await expect(act()).rejects.toMatchObject({ code: "conflict", message: expect.stringMatching(/needs an owner/) });
  });

  test("two owners who remove each other at once leave one", async () => {
    const { id, owner, user } = await workspace();
    const second = await seat("owner", id);
    const answers = await Promise.allSettled([
      removeMember(owner, { user_id: second.user.id }),
      removeMember(second.actor, { user_id: user.id }),
    ]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await db.prisma.membership.count({ where: { workspaceId: id, role: "owner" } })).toBe(1);
  });
});

describe("invitations", () => {
  test("a link lets one person in with its role, and is kept only as a hash", async () => {
    const made = await invite(mine.owner, { role: "marketer", email: null });
    const token = tokenOf(made.url);
    expect(await viewInvitation(token)).toMatchObject({ state: "open", workspaceName: "Mine", role: "marketer" });
    expect(JSON.stringify(await db.sql("select * from invitations"))).not.toContain(token);
    const [first, second] = [await person(), await person()];
    expect(await acceptInvitation(first, { token })).toEqual({ slug: mine.slug });
    expect((await actorOfUser(first.id, mine.slug))?.role).toBe("marketer");
    await expect(acceptInvitation(second, { token })).rejects.toThrow(/was used already/);
    expect((await listInvitations(mine.owner)).data.map(({ id }) => id)).not.toContain(made.id);
  });

  test("of two who accept at once one gets in", async () => {
    const token = tokenOf((await invite(mine.owner, { role: "viewer", email: null })).url);
    const answers = await Promise.allSettled(
      [await person(), await person()].map((user) => acceptInvitation(user, { token })),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("who is a member already keeps the role, and the link stays good for someone else", async () => {
    const token = tokenOf((await invite(mine.owner, { role: "viewer", email: null })).url);
    expect(await acceptInvitation(mine.user, { token })).toEqual({ slug: mine.slug });
    expect((await actorOfUser(mine.user.id, mine.slug))?.role).toBe("owner");
    expect(await acceptInvitation(await person(), { token })).toEqual({ slug: mine.slug });
  });

  test("one for an address is for nobody else", async () => {
    const grace = await person();
    const token = tokenOf((await invite(mine.owner, { role: "viewer", email: grace.email })).url);
    await expect(acceptInvitation(await person(), { token })).rejects.toMatchObject({ code: "forbidden" });
    expect(await acceptInvitation(grace, { token })).toEqual({ slug: mine.slug });
  });

  test("expired, revoked and made-up ones let nobody in, and say so", async () => {
    const user = await person();
    const expired = await invite(mine.owner, { role: "viewer", email: null });
    await db.sql("update invitations set expires_at = now() where id = $1", [expired.id]);
    await expect(acceptInvitation(user, { token: tokenOf(expired.url) })).rejects.toThrow(/has expired/);
    const revoked = await invite(mine.owner, { role: "viewer", email: null });
    await revokeInvitation(mine.owner, { invitation_id: revoked.id });
    await expect(acceptInvitation(user, { token: tokenOf(revoked.url) })).rejects.toThrow(/was revoked/);
    await expect(acceptInvitation(user, { token: "made-up" })).rejects.toThrow(/does not exist/);
    expect(await viewInvitation("made-up")).toBeNull();
    expect(await listWorkspaces(user)).toEqual([]);
  });

  test("lasts seven days and cannot be revoked from another workspace", async () => {
    const made = await invite(mine.owner, { role: "viewer", email: null });
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(7 * 24 * 3600_000);
    await expect(revokeInvitation(theirs.owner, { invitation_id: made.id })).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await viewInvitation(tokenOf(made.url)))?.state).toBe("open");
    expect((await listInvitations(theirs.owner)).data).toEqual([]);
  });
});

describe("the workspace", () => {
  test("its name and time zone change, its slug and the other workspace do not, and caches are told", async () => {
    const { id, owner, slug } = await workspace("Before");
    const version = async () => (await db.prisma.workspace.findUniqueOrThrow({ where: { id } })).version;
    const before = await version();
    expect(await changeWorkspace(owner, { name: "After", timezone: "Europe/Berlin" })).toMatchObject({
      name: "After",
      timezone: "Europe/Berlin",
      slug,
    });
    expect(await version()).toBe(before + 1);
    expect((await changeWorkspace(owner, { timezone: null })).name).toBe("After");
    expect((await getWorkspace(theirs.owner)).name).toBe("Theirs");
  });

  test("sending stops and resumes once each, and caches are told", async () => {
    const { id, owner } = await workspace();
    const version = async () => (await db.prisma.workspace.findUniqueOrThrow({ where: { id } })).version;
    const before = await version();
    const stopped = await stopSending(owner);
    expect(stopped.sending_stopped_at).not.toBeNull();
    expect((await stopSending(owner)).sending_stopped_at).toBe(stopped.sending_stopped_at);
    expect((await resumeSending(owner)).sending_stopped_at).toBeNull();
    await resumeSending(owner);
    expect(await version()).toBe(before + 2);
    const viewer = await seat("viewer", id);
    await expect(stopSending(viewer.actor)).rejects.toMatchObject({ code: "forbidden" });
  });

  test("the audit log names who did what, newest first, page by page, and only of here", async () => {
    const { owner, user } = await workspace("Audited");
    const made = await invite(owner, { role: "viewer", email: null });
    await revokeInvitation(owner, { invitation_id: made.id });
    const first = await listAudit(owner, { limit: 2 });
    expect(first.data.map(({ action }) => action)).toEqual(["invitation.revoked", "invitation.created"]);
    expect(first.data[0]).toMatchObject({ actor: user.email, actor_kind: "user", data: { role: "viewer" } });
    const second = await listAudit(owner, { limit: 2, cursor: first.next_cursor ?? undefined });
    expect(second).toMatchObject({ data: [{ action: "workspace.created", subject: "Audited" }], next_cursor: null });
  });
});

test("createUser makes no second account for an address", async () => {
  const user = await person();
  await expect(createUser({ email: user.email, password: "correct horse battery" })).rejects.toMatchObject({
    code: "conflict",
  });
});
