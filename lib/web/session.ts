import "server-only";
import { notFound, redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import { cache } from "react";
import type { z } from "zod";
import type { Actor } from "../actor";
import { env } from "../env";
import { type ActionResult, AppError, statusOf, toPublicError } from "../errors";
import { log } from "../log";
import { actorOfUser, userOfSession } from "../workspaces";
import type { User } from "../workspaces/schema";
import { asAppError } from "./answer";
import { authOptions } from "./auth";
import { parse } from "./input";

/** Who is signed in, or null. Read once per request. */
export const currentUser: () => Promise<User | null> = cache(async () => {
  const session = await getServerSession(authOptions());
  return session && userOfSession(session);
});

const actorOf = cache(async (userId: string, workspaceSlug: string) => actorOfUser(userId, workspaceSlug));

/** For server actions. @throws AppError `unauthenticated`, or `not_found` for a workspace that is not the person's */
export async function actorFromSession(workspaceSlug: string): Promise<Actor> {
  const actor = await actorOf((await userOrRefusal()).id, workspaceSlug);
  if (actor === null) throw new AppError("not_found", "There is no such workspace, or you are not a member of it.");
  return actor;
}

/** For pages: sends strangers to sign in, and shows members of other workspaces that there is nothing. */
export async function requireActor(workspaceSlug: string): Promise<Actor> {
  const user = await requireUser(`/${workspaceSlug}`);
  return (await actorOf(user.id, workspaceSlug)) ?? notFound();
}

/** For pages without a workspace. `next` is the path to come back to. */
export async function requireUser(next: string): Promise<User> {
  return (await currentUser()) ?? redirect(`/sign-in?next=${encodeURIComponent(next)}`);
}

/** The origin that commands and links name. */
export const publicOrigin = (): string => env().appUrl;

type Face<I extends z.ZodType, T> = { input: I; run: (input: z.output<I>) => Promise<T> };
type PersonalFace<I extends z.ZodType, T> = { input: I; run: (user: User, input: z.output<I>) => Promise<T> };

/** A server action for strangers: sign-up, a new password by link. */
export const visitorAction =
  <I extends z.ZodType, T>({ input, run }: Face<I, T>) =>
  (given: z.input<I>): Promise<ActionResult<T>> =>
    settle(async () => run(parse(input, given)));

/** A server action of whoever is signed in, outside any workspace. */
export const userAction =
  <I extends z.ZodType, T>({ input, run }: PersonalFace<I, T>) =>
  (given: z.input<I>): Promise<ActionResult<T>> =>
    settle(async () => run(await userOrRefusal(), parse(input, given)));

async function userOrRefusal(): Promise<User> {
  const user = await currentUser();
  if (user === null) throw new AppError("unauthenticated", "Your session has ended. Sign in again.");
  return user;
}

async function settle<T>(work: () => Promise<T>): Promise<ActionResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (given) {
    const thrown = asAppError(given);
    if (statusOf(thrown) >= 500) log.error("a personal action failed", thrown);
    return { ok: false, error: toPublicError(thrown) };
  }
}
