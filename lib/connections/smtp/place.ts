/** How a session is encrypted: `starttls` is required, never given up; `tls` from the first byte; `none` not at all. */
export type SmtpSecurity = "starttls" | "tls" | "none";

/** Where an SMTP connection leads: what may be shown of it. */
export type SmtpPlace = { host: string; port: number; secure: SmtpSecurity };

/** With what it logs in: nothing, or both. Secret; for Postmark the user name is the server token too. */
export type SmtpLogin = SmtpPlace & { username: string | null; password: string | null };

/**
 * What stands as `server_id` for an SMTP connection: claims and attempts know by it which way they went, so that nothing leaves the old
 * way once the connection leads elsewhere.
 */
export const placeId = ({ host, port }: SmtpPlace): string => `smtp:${host}:${port}`;
export const placeName = ({ host, port }: SmtpPlace): string => `${host}:${port}`;

/** Postmark's SMTP servers: https://postmarkapp.com/developer/user-guide/send-email-with-smtp. Null for everybody else's. */
export function postmarkHost(host: string): "transactional" | "broadcast" | null {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "smtp-broadcasts.postmarkapp.com") return "broadcast";
  return name.endsWith(".postmarkapp.com") ? "transactional" : null;
}

/** The stream that is meant when none is named: the one that every server has for what this host takes. Null where streams mean nothing. */
export const defaultStreamOf = (host: string): string | null =>
  postmarkHost(host) === "broadcast" ? "broadcast" : null;

/** What looks wrong between host and stream, in words; null when nothing does. By SMTP nobody tells what kind a stream is. */
export function streamWarning(host: string, stream: string | null): string | null {
  switch (postmarkHost(host)) {
    case null:
      return null;
    case "broadcast":
      return stream === "outbound"
        ? "“outbound” is a transactional stream, and smtp-broadcasts.postmarkapp.com takes Broadcast streams only: name one, or Postmark refuses the mail after it was accepted."
        : null;
    case "transactional":
      return stream === "broadcast"
        ? "“broadcast” is a Broadcast stream, and this host is for transactional ones: use smtp-broadcasts.postmarkapp.com, or Postmark refuses the mail after it was accepted."
        : "This host sends on transactional streams, and lifecycle mail belongs on a Broadcast stream: use smtp-broadcasts.postmarkapp.com with that stream's id.";
  }
}

/** What is shown of a user name: nothing of one that is a secret itself. */
export function shownUsername({ host, username, password }: SmtpLogin): string | null {
  if (username === null) return null;
  if (username !== password && postmarkHost(host) === null) return username;
  return `••••${username.length >= 8 ? username.slice(-4) : ""}`;
}
