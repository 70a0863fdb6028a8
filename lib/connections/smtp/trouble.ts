import type { SmtpSecurity } from "./place";

/** Why no session came about, or why one ended. Nothing that was to be sent on it was taken. */
export type Trouble = {
  kind:
    | "host_not_found"
    | "lookup_failed"
    | "private_address"
    | "connection_refused"
    | "no_route"
    | "no_connection"
    | "no_greeting"
    | "turned_away"
    | "not_tls"
    | "no_starttls"
    | "certificate"
    | "login_refused"
    | "login_needs_tls"
    | "no_login"
    | "busy"
    | "broken";
  /** The server's words, or a code: for people who look closer. Free of secrets. */
  said: string;
};

/** What the client library tells of a failure: https://nodemailer.com/errors, and its source where that is silent. */
export type SmtpFailure = {
  message: string;
  /** ECONNECTION, ETIMEDOUT, ESOCKET, ETLS, EPROTOCOL, EAUTH, EENVELOPE, EMESSAGE, ESTREAM. */
  code?: string | undefined;
  /** Node's own code, where `code` replaced it. */
  originalCode?: string | undefined;
  timeoutType?: string | undefined;
  /** The command that was answered; CONN where none was, API before anything was written. */
  command?: string | undefined;
  response?: string | undefined;
  responseCode?: number | undefined;
};

/** Judges what kept a session from coming about, after the TCP connection stood. */
export function troubleOf(failure: SmtpFailure, secure: SmtpSecurity): Trouble {
  return { kind: kindOf(failure, secure), said: saidOf(failure) };
}

function kindOf(failure: SmtpFailure, secure: SmtpSecurity): Trouble["kind"] {
  const { code, command = "", responseCode = 0, timeoutType } = failure;
  if (isCertificate(failure)) return "certificate";
  if (isNotTls(failure)) return "not_tls";
  if (code === "EAUTH") return loginKind(responseCode, secure);
  if (timeoutType === "GREETING_TIMEOUT") return "no_greeting";
  if (timeoutType === "UPGRADE_TIMEOUT") return secure === "tls" ? "not_tls" : "broken";
  if (command === "STARTTLS" || (command === "EHLO" && responseCode >= 500)) return "no_starttls";
  if (responseCode >= 500) return "turned_away";
  if (responseCode >= 400) return "busy";
  return code === "ECONNECTION" && command === "CONN" ? "no_greeting" : "broken";
}

/** RFC 4954 §6: 535 is a wrong login, 530 and 538 ask for encryption first, 5.7.x else; 500 to 504 know no such command. */
function loginKind(replyCode: number, secure: SmtpSecurity): Trouble["kind"] {
  if (replyCode >= 400 && replyCode < 500) return "busy";
  if (replyCode === 530 || replyCode === 538) return secure === "none" ? "login_needs_tls" : "login_refused";
  return replyCode >= 500 && replyCode <= 504 ? "no_login" : "login_refused";
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const isCertificate = ({ originalCode = "" }: SmtpFailure) =>
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/.test(
    originalCode,
  );

const isNotTls = ({ originalCode = "", message }: SmtpFailure) =>
  /^ERR_SSL_(WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL|HTTP_REQUEST)/.test(
    originalCode,
  ) || /wrong version number/i.test(message);

/** What was said, in at most 300 characters of one line. */
export function saidOf({ response, originalCode, timeoutType, code, message }: SmtpFailure): string {
  const words =
    response ??
    originalCode ??
    timeoutType ??
    (code === "ECONNECTION" ? message : undefined) ??
    code ??
    "no reason given";
  return words.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, 300);
}
