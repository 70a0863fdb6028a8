/** What is known of a request whose answer did not arrive: it certainly never left, or it may have been taken. */
export type Failure = { kind: "not_sent"; cause: string; late?: true } | { kind: "unknown"; cause: string };

/**
 * Judges what `fetch` threw, by the codes of Node and undici; texts are only compared, never passed on, because a header error
 * quotes the token. When in doubt the answer is `unknown`: only what happens before a connection carries data is `not_sent`.
 */
export function judgeFailure(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : undefined;
  if (error?.name === "TimeoutError" || error?.name === "AbortError") return unknown("no complete answer in time");
  const cause = rootOf(error);
  const code = textOf(cause, "code");
  const syscall = textOf(cause, "syscall");
  // Of the connection attempt itself: refused, no route, no such host.
  if (syscall === "connect" || syscall === "getaddrinfo") return notSent(`could not connect (${code ?? syscall})`);
  if (code !== undefined && beforeRequest.has(code)) return notSent(beforeRequest.get(code) ?? code);
  if (code !== undefined && certificateProblem.test(code))
    return notSent(`its TLS certificate was not accepted (${code})`);
  if (cause !== undefined && refusedLocally.test(cause.message)) return notSent("the request could not be made");
  // Node closes the attempt itself: https://github.com/nodejs/node/blob/v20.x/lib/_tls_wrap.js (onConnectEnd).
  if (cause?.message.startsWith("Client network socket disconnected before secure TLS"))
    return notSent("the connection closed before it was secure");
  return unknown(code === undefined ? "the connection broke" : `the connection broke (${code})`);
}

const notSent = (cause: string): Failure => ({ kind: "not_sent", cause });
const unknown = (cause: string): Failure => ({ kind: "unknown", cause });

const beforeRequest = new Map([
  ["ECONNREFUSED", "the connection was refused (ECONNREFUSED)"],
  ["ENOTFOUND", "its address was not found (ENOTFOUND)"],
  ["EAI_AGAIN", "its address could not be looked up (EAI_AGAIN)"],
  ["UND_ERR_CONNECT_TIMEOUT", "no connection in time (UND_ERR_CONNECT_TIMEOUT)"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "no common TLS version (ERR_SSL_UNSUPPORTED_PROTOCOL)"],
]);

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes: undici writes nothing until the certificate is accepted. */
const certificateProblem =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;
/** Thrown while the request is put together: bad header value, blocked port, bad URL. */
const refusedLocally = /is an invalid header value|ByteString|^bad port$|Failed to parse URL/;

/** fetch says "fetch failed" or "terminated" and keeps the reason as cause; several addresses tried make one AggregateError. */
function rootOf(error: Error | undefined): Error | undefined {
  const inner = error?.cause instanceof Error ? error.cause : error;
  return inner instanceof AggregateError && inner.errors[0] instanceof Error ? inner.errors[0] : inner;
}

function textOf(error: Error | undefined, key: "code" | "syscall"): string | undefined {
  const value: unknown = error === undefined ? undefined : Reflect.get(error, key);
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value) ? value : undefined;
}
