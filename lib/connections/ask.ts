import "server-only";
import type { Tenant } from "../actor";
import { AppError } from "../errors";
import { connectorOf, type Login, readableLogin } from "./login";
import { publicStream } from "./resource";
import type { Connection, ConnectionCheck } from "./schema";
import { streamWarning } from "./smtp/place";
import type { StoredConnection } from "./store";
import { errorSentence, statusAfter, unreadableLogin, type Verdict, verdictOf } from "./verdict";

/** Asks the provider whether a login works and what it opens; five seconds at most. */
export async function ask(login: Login, stream: string | null): Promise<Verdict> {
  const outcome = await connectorOf(login).check();
  if (login.provider === "postmark") return verdictOf(outcome, stream);
  // By SMTP nobody lists the streams, so what looks wrong is only said.
  const verdict = verdictOf(outcome, null);
  const warning = streamWarning(login.smtp.host, stream);
  return verdict.ok && warning !== null ? { ...verdict, sentence: `${verdict.sentence} ${warning}` } : verdict;
}

/** The same of a stored connection. A login that cannot be read here does not work either. */
export async function askStored(tenant: Tenant, stored: StoredConnection, stream: string | null): Promise<Verdict> {
  const login = readableLogin(tenant, stored);
  return login === null ? unreadableLogin(stored.smtp === null ? "token" : "login") : ask(login, stream);
}

/** What a check leaves in the row. One that opened nothing leaves server, streams and the last success as they were. */
export function health(current: Connection["status"], verdict: Verdict) {
  const status = statusAfter(current, verdict);
  const server = verdict.found && {
    serverId: verdict.found.server.id,
    serverName: verdict.found.server.name,
    streams: verdict.found.streams,
  };
  return {
    ...server,
    status,
    lastError: errorSentence(verdict),
    ...(status !== "failing" && { failingSince: null }),
    ...(verdict.ok && { lastValidatedAt: new Date(), listsStale: true }),
  };
}

/** @throws AppError `provider_rejected` with the reason and what to do, where it does not work */
export function checkOf(verdict: Verdict): ConnectionCheck {
  if (!verdict.ok) throw new AppError("provider_rejected", verdict.rejection.message, { provider: verdict.rejection });
  const { server, streams, statsAvailable } = verdict.found;
  return {
    status: "ready",
    server: { id: server.id, name: server.name },
    streams: streams.map(publicStream),
    stats_available: statsAvailable,
    message: verdict.sentence,
  };
}
