import "server-only";
import * as z from "zod";
import type { Tenant } from "../actor";
import { env } from "../env";
import { AppError, invalidField } from "../errors";
import type { Connector } from "./connector";
import { callsAtOnceMax, Gate, postmarkConnector } from "./postmark";
import type { ChangeConnectionInput, CreateConnectionInput, ValidateDraftInput } from "./schema";
import { lastFour, openSecret, readableSecret, sealSecret } from "./secrets";
import { sessionsMax, smtpConnector } from "./smtp";
import { strangeTo } from "./smtp/fields";
import { placeId, placeName, type SmtpLogin, type SmtpPlace, shownUsername } from "./smtp/place";
import type { StoredConnection } from "./store";

/** What opens a provider: secret. */
export type Login = { provider: "postmark"; token: string } | { provider: "smtp"; smtp: SmtpLogin };

/** Limits the calls of one connection, shared by all its connectors. */
export const newGate = (provider: string): Gate => new Gate(provider === "smtp" ? sessionsMax : callsAtOnceMax);

/** A native connector for a token that is not, or not yet, stored. */
const connectorFor = (token: string, gate = newGate("postmark")): Connector =>
  postmarkConnector({ token, baseUrl: env().providerApiUrl, sendTimeoutMs: env().providerTimeoutMs, gate });

export const connectorOf = (login: Login, gate = newGate(login.provider)): Connector =>
  login.provider === "postmark"
    ? connectorFor(login.token, gate)
    : smtpConnector({
        login: login.smtp,
        sendTimeoutMs: env().providerTimeoutMs,
        allowPrivate: env().smtpAllowPrivate,
        gate,
      });

const sealedLogin = z.object({ username: z.string().nullable(), password: z.string().nullable() });

/** @throws Error when what is sealed cannot be opened */
export const loginOf = (tenant: Tenant, stored: StoredConnection): Login =>
  loginFrom(stored, openSecret(tenant, stored.record.id, "token", stored.sealedToken));

/** The same for whoever tells a person: null when it cannot be opened here. */
export function readableLogin(tenant: Tenant, stored: StoredConnection): Login | null {
  const secret = readableSecret(tenant, stored.record.id, "token", stored.sealedToken);
  return secret === null ? null : loginFrom(stored, secret);
}

const loginFrom = ({ smtp }: StoredConnection, secret: string): Login =>
  smtp === null ? { provider: "postmark", token: secret } : { provider: "smtp", smtp: smtpLogin(smtp.place, secret) };

const smtpLogin = (place: SmtpPlace, secret: string): SmtpLogin => ({
  ...place,
  ...sealedLogin.parse(JSON.parse(secret)),
});

export const loginGiven = (input: CreateConnectionInput | ValidateDraftInput): Login =>
  input.provider === "postmark" ? { provider: "postmark", token: input.server_token } : smtpGiven(input);

type SmtpFields = Pick<ChangeConnectionInput, "smtp_host" | "smtp_port" | "smtp_secure" | "username" | "password">;

/** @throws AppError `validation_error` where no host is named */
function smtpGiven({ smtp_host: host, smtp_port: port, smtp_secure: secure, username, password }: SmtpFields): Login {
  if (host === undefined) throw invalidField("smtp_host", "Name the server to move to, such as smtp.example.com.");
  const login = { username: username ?? null, password: password ?? null };
  return { provider: "smtp", smtp: { host, port: port ?? 587, secure: secure ?? "starttls", ...login } };
}

/**
 * What opens the provider after a change; null when that stays as it is. With another `provider` the connection moves in place.
 * @throws AppError `validation_error` for fields of the other kind, and for what a move needs and lacks
 */
export function loginAfter(
  tenant: Tenant,
  before: StoredConnection,
  change: Omit<ChangeConnectionInput, "id">,
): Login | null {
  const { smtp } = before;
  const was = smtp === null ? "postmark" : "smtp";
  const provider = change.provider ?? was;
  const strange = strangeTo(provider, change);
  if (strange.length > 0) {
    const fields = Object.fromEntries(strange.map(([field, sentence]) => [field, [sentence]]));
    throw new AppError("validation_error", strange.map((pair) => pair.join(": ")).join(" "), { fields });
  }
  if (provider === "postmark") {
    if (change.server_token !== undefined) return { provider, token: change.server_token };
    if (was === "postmark") return null;
    throw invalidField("server_token", "Moving to Postmark's API needs the server's API token.");
  }
  if (smtp === null) return whole(smtpGiven(change));
  if (Object.values(strangeTo("postmark", change)).length === 0) return null;
  const stored = () => {
    const secret = readableSecret(tenant, before.record.id, "token", before.sealedToken);
    if (secret !== null) return smtpLogin(smtp.place, secret);
    throw invalidField("password", "The stored login cannot be read here: enter user name and password again.");
  };
  return whole({ provider: "smtp", smtp: smtpAfter(smtp.place, stored, change) });
}

function smtpAfter(was: SmtpPlace, stored: () => SmtpLogin, change: SmtpFields): SmtpLogin {
  const { username, password } = change;
  const place = {
    host: change.smtp_host ?? was.host,
    port: change.smtp_port ?? was.port,
    secure: change.smtp_secure ?? was.secure,
  };
  // No login, or all of it is given: what is stored need not even be readable.
  if (username === null || (username !== undefined && password !== undefined))
    return { ...place, username, password: password ?? null };
  const before = stored();
  mustNotReachOthers(before, place, change);
  return {
    ...place,
    username: username ?? before.username,
    password: password === undefined ? before.password : password,
  };
}

/**
 * What is stored goes only to whom it was given for, and never in the clear when it was not until now. Between starttls and tls it may
 * stay, and so it may with another user name: the server that knows it is the only one to hear it.
 * @throws AppError `validation_error` where it has to be entered again
 */
function mustNotReachOthers(stored: SmtpLogin, place: SmtpPlace, { username, password }: SmtpFields): void {
  const leads = place.host !== stored.host || place.port !== stored.port;
  const bares = place.secure === "none" && stored.secure !== "none";
  if (stored.password === null || (!leads && !bares)) return;
  const why = leads ? "it is not handed to another server or port by itself" : "it would be sent without encryption";
  if (password === undefined) throw invalidField("password", `Enter the password again: ${why}.`);
  // A user name that is not shown is a secret too.
  if (username === undefined && shownUsername(stored) !== stored.username)
    throw invalidField("username", `Enter the user name again: ${why}.`);
}

function whole(login: Login): Login {
  if (login.provider === "postmark") return login;
  const { username, password } = login.smtp;
  if (username !== null && password === null)
    throw invalidField("password", "Enter the password that goes with the user name.");
  if (username === null && password !== null)
    throw invalidField("username", "Enter the user name that goes with the password.");
  return login;
}

/** What is stored of a login: sealed what is secret, open what is shown. */
export function storedLogin(tenant: Tenant, id: string, login: Login) {
  if (login.provider === "postmark")
    return {
      provider: login.provider,
      sealedCredentials: sealSecret(tenant, id, "token", login.token),
      credentialsLast4: lastFour(login.token),
      smtpHost: null,
      smtpPort: null,
      smtpSecure: null,
      smtpUsername: null,
    };
  const { host, port, secure, username, password } = login.smtp;
  return {
    provider: login.provider,
    sealedCredentials: sealSecret(tenant, id, "token", JSON.stringify({ username, password })),
    credentialsLast4: "",
    smtpHost: host,
    smtpPort: port,
    smtpSecure: secure,
    smtpUsername: shownUsername(login.smtp),
  };
}

/**
 * Of credentials that were replaced nothing is known: what is sent with the new ones must not be looked up on the old one's server. An
 * SMTP server is known by its address.
 */
export const nothingKnownOf = (login: Login) => ({
  serverId: login.provider === "smtp" ? placeId(login.smtp) : null,
  serverName: login.provider === "smtp" ? placeName(login.smtp) : null,
  streams: [],
  lastValidatedAt: null,
});
