import { describe, expect, test } from "vitest";
import { judgeFailure } from "./failure";

const failed = (cause: unknown) => Object.assign(new TypeError("fetch failed"), { cause });
const coded = (code: string, more: object = {}) => Object.assign(new Error(`words ${code}`), { code, ...more });

describe("certainly not sent", () => {
  test.each([
    ["connection refused", failed(coded("ECONNREFUSED", { syscall: "connect" }))],
    ["host unknown", failed(coded("ENOTFOUND", { syscall: "getaddrinfo" }))],
    ["name server out of reach", failed(coded("EAI_AGAIN", { syscall: "getaddrinfo" }))],
    ["no route", failed(coded("EHOSTUNREACH", { syscall: "connect" }))],
    ["reset while connecting", failed(coded("ECONNRESET", { syscall: "connect" }))],
    ["no connection in time", failed(coded("UND_ERR_CONNECT_TIMEOUT"))],
    ["all addresses refused", failed(new AggregateError([coded("ECONNREFUSED", { syscall: "connect" })]))],
    ["certificate expired", failed(coded("CERT_HAS_EXPIRED"))],
    ["certificate of someone else", failed(coded("ERR_TLS_CERT_ALTNAME_INVALID"))],
    ["certificate self-signed", failed(coded("DEPTH_ZERO_SELF_SIGNED_CERT"))],
    ["no TLS there", failed(coded("ERR_SSL_WRONG_VERSION_NUMBER"))],
    [
      "closed before TLS stood",
      failed(
        Object.assign(new Error("Client network socket disconnected before secure TLS connection was established"), {
          code: "ECONNRESET",
        }),
      ),
    ],
    ["a header that cannot be", new TypeError('Headers.append: "secret" is an invalid header value.')],
    ["a blocked port", failed(new Error("bad port"))],
  ])("%s", (_case, thrown) => {
    expect(judgeFailure(thrown).kind).toBe("not_sent");
  });
});

describe("perhaps sent", () => {
  test.each([
    ["reset", failed(coded("ECONNRESET", { syscall: "read" }))],
    ["broken pipe", failed(coded("EPIPE", { syscall: "write" }))],
    ["other side closed", failed(coded("UND_ERR_SOCKET"))],
    ["no headers in time", failed(coded("UND_ERR_HEADERS_TIMEOUT"))],
    [
      "broken in the body",
      Object.assign(new TypeError("terminated"), { cause: coded("ECONNRESET", { syscall: "read" }) }),
    ],
    [
      "our deadline, whose numeric code 23 is nobody's",
      new DOMException("The operation was aborted due to timeout", "TimeoutError"),
    ],
    ["TLS broken later", failed(coded("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"))],
    ["anything else", new Error("?")],
    ["not even an error", "boom"],
    ["nothing", undefined],
  ])("%s", (_case, thrown) => {
    expect(judgeFailure(thrown).kind).toBe("unknown");
  });
});

test("what was thrown is never quoted, since it may quote the token", () => {
  const secret = "11111111-2222-4333-8444-555555555555";
  for (const thrown of [
    new TypeError(`Headers.append: "${secret}"`),
    failed(coded(secret.repeat(2))),
    failed(new Error(secret)),
  ])
    expect(judgeFailure(thrown).cause).not.toContain(secret);
});
