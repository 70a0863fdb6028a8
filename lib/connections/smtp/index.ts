import "server-only";
import type { CheckOutcome, Connector } from "../connector";
import type { Gate } from "../postmark";
import { rejectionOfTrouble } from "./advice";
import { placeId, placeName, type SmtpLogin } from "./place";
import { Pace, Pool, sessionsMax } from "./pool";
import { messagesMax, sendAll } from "./send";
import { openSession, type SessionOptions } from "./session";

export { sessionsMax };

const checkMs = 4_700;
const perSecondMax = 50;
const bytesMax = 10_000_000;

type Settings = SessionOptions & {
  login: SmtpLogin;
  /** Deadline of one message. */
  sendTimeoutMs: number;
  /** Shared by all connectors of one connection, so that replaced credentials do not double its sessions. */
  gate: Gate;
};

/** Any mail server (RFC 5321, 6409). It takes mail and says so; what it took cannot be asked afterwards. */
export function smtpConnector({ login, sendTimeoutMs, gate, ...options }: Settings): Connector {
  const open = (withinMs: number) => openSession(login, options, withinMs);
  const { host, port, secure } = login;
  const place = { host, port, secure };
  const redact = redactor(login);
  const desk = { place, pool: new Pool(gate, open), pace: new Pace(perSecondMax), sendTimeoutMs, redact };
  return {
    provider: "smtp",
    messagesMax,
    bytesMax,
    canFind: false,
    blackHole: null,
    // Mail by SMTP carries our own link, also through a provider that has one of its own.
    unsubscribePlaceholder: null,
    suppressionList: null,
    setup: null,
    history: null,
    send: (messages, options) => sendAll(desk, messages, options),
    sendOne: (message, options) => sendAll(desk, [message], options),
    find: async () => ({ kind: "cannot_know", cause: cannotBeAsked, aboutCredentials: false }),
    check: () => check(login, options, redact),
  };
}

const cannotBeAsked = "SMTP cannot be asked whether it took an email.";

/** Logs in and goes, within five seconds. A person waits for the answer, so it does not queue behind mail. */
async function check(
  login: SmtpLogin,
  options: SessionOptions,
  redact: (text: string) => string,
): Promise<CheckOutcome> {
  const session = await openSession(login, options, checkMs);
  if (!("kind" in session)) {
    session.close();
    const server = { id: placeId(login), name: placeName(login), sandbox: false };
    return { kind: "ready", server, streams: [], statsAvailable: false, sentence: worksSentence(login) };
  }
  const rejection = rejectionOfTrouble({ ...session, said: redact(session.said) }, login);
  const { message } = rejection;
  if (rejection.code === "bad_credentials") return { kind: "bad_credentials", accountToken: false, message, rejection };
  if (rejection.code === "unreachable") return { kind: "unreachable", message, rejection };
  return { kind: "failed", code: null, message, rejection };
}

function worksSentence(login: SmtpLogin): string {
  const how = {
    starttls: "encrypted by STARTTLS",
    tls: "encrypted by TLS",
    none: "not encrypted: everybody on the way can read mail and password",
  };
  const who = login.username === null ? "took the connection, without a login" : "took the login";
  return `It works: ${placeName(login)} ${who}, ${how[login.secure]}.`;
}

/** Takes the credentials out of a server's words, as they are and as they go over the wire (RFC 4616). Short ones are ordinary words. */
function redactor({ username, password }: SmtpLogin): (text: string) => string {
  const plain = [password, ...(username === password ? [] : [`\u0000${username}\u0000${password}`])];
  const secrets = plain.flatMap((text) =>
    text === null || text.length < 8 ? [] : [text, Buffer.from(text).toString("base64")],
  );
  return (text) => secrets.reduce((said, secret) => said.replaceAll(secret, "[password]"), text);
}
