import { type Connection, postmarkHost } from "@/lib/connections/schema";

type Kind = Pick<Connection, "provider" | "smtp_host">;

export const isSmtp = ({ provider }: Kind): boolean => provider === "smtp";

/** Whether Postmark is at the other end, whichever way: then it reports what becomes of mail, and streams mean something. */
export const isPostmark = (connection: Kind): boolean =>
  !isSmtp(connection) || postmarkHost(connection.smtp_host ?? "") !== null;

/** Who takes the mail, at the beginning of a sentence. */
export const providerName = (connection: Kind): string => (isPostmark(connection) ? "Postmark" : "The mail server");

const security: Record<NonNullable<Connection["smtp_secure"]>, string> = {
  starttls: "STARTTLS, required",
  tls: "TLS from the start",
  none: "None (own network)",
};
export const securityOptions = Object.entries(security).map(([value, label]) => ({ value, label }));

/** Where an SMTP connection leads, in a line. */
export const smtpWords = ({ smtp_host: host, smtp_port: port, smtp_secure: secure }: Connection): string =>
  `${host}:${port}, ${secure === null ? "" : security[secure]}`;
