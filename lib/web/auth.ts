import "server-only";
import type { NextRequest } from "next/server";
import NextAuth, { type NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { env } from "../env";
import { statusOf, toPublicError } from "../errors";
import { log } from "../log";
import { signIn } from "../workspaces";
import { signInInput } from "../workspaces/schema";
import { asAppError } from "./answer";
import { originOf } from "./origin-limit";

declare module "next-auth" {
  interface Session {
    userId: string;
    signedInAtMs: number;
  }
  interface User {
    signedInAtMs: number;
  }
}
declare module "next-auth/jwt" {
  interface JWT {
    signedInAtMs?: number;
  }
}

/** A session ends a week after its sign-in, and at once when the password changes. */
const sessionSeconds = 7 * 24 * 60 * 60;

/** Made on demand: reading the environment while Next builds would ask for its secrets. `publicOrigin` is where the browser is. */
export function authOptions(publicOrigin: string = env().appUrl): NextAuthOptions {
  return {
    secret: env().sessionSecret,
    useSecureCookies: env().appUrl.startsWith("https:"),
    session: { strategy: "jwt", maxAge: sessionSeconds },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    providers: [
      Credentials({
        name: "Email and password",
        credentials: { email: { type: "email" }, password: { type: "password" } },
        authorize: (given, { headers = {} }) => authorize(given, originOf(headers["x-forwarded-for"])),
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user ? { ...token, signedInAtMs: user.signedInAtMs } : token),
      session: ({ session, token }) => ({
        ...session,
        userId: token.sub ?? "",
        signedInAtMs: token.signedInAtMs ?? 0,
      }),
      // Back to where the browser is, whatever name it knows us by; never to another site.
      redirect({ url }) {
        const target = new URL(url, publicOrigin);
        return target.origin === publicOrigin ? target.href : publicOrigin;
      },
    },
    logger: {
      error: (code, details) => log.warn("sign-in trouble", { code, error: wordsOf(details) }),
      warn: (code) => log.info("sign-in warning", { code }),
      debug: () => undefined,
    },
  };
}

type Context = { params: Promise<{ nextauth: string[] }> };

/** next-auth's own routes: `/api/auth/csrf`, `/callback/credentials`, `/session`, `/signout`… */
export const authRoute = (request: NextRequest, context: Context): Promise<Response> =>
  NextAuth(request, context, authOptions(publicOriginOf(request)));

/**
 * What next-auth asks for. Its client shows the words of a thrown error, so only sentences that are meant for people are thrown.
 * @throws Error with such a sentence
 */
async function authorize(given: unknown, origin: string | null) {
  const parsed = signInInput.safeParse(given);
  if (!parsed.success) throw new Error("Enter your email address and password.");
  try {
    const { user, signedInAtMs } = await signIn({ ...parsed.data, origin });
    return { id: user.id, email: user.email, name: user.name, signedInAtMs };
  } catch (given) {
    const thrown = asAppError(given);
    if (statusOf(thrown) >= 500) log.error("a sign-in failed", thrown);
    throw new Error(toPublicError(thrown).detail);
  }
}

function publicOriginOf(request: Request): string {
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host");
  const protocol = request.headers.get("x-forwarded-proto") ?? new URL(env().appUrl).protocol.replace(":", "");
  const url = host === null ? null : URL.parse(`${protocol.split(",")[0]}://${host}`);
  return url?.origin ?? new URL(env().appUrl).origin;
}

const wordsOf = (details: Error | { error?: unknown }): string =>
  details instanceof Error ? details.message : details.error instanceof Error ? details.error.message : "";
