import type { Rejection } from "../rejection";
import { placeName, postmarkHost, type SmtpPlace } from "./place";
import type { Trouble } from "./trouble";

export type Advised = "refused" | "blocked" | "inactive" | "sender_refused";

/** What kept a session from coming about, for a person: what is wrong and the next step. Pure. */
export function rejectionOfTrouble({ kind, said }: Trouble, place: SmtpPlace): Rejection {
  const row = troubles[kind];
  const fill = (text: string | ((place: SmtpPlace) => string)) => (typeof text === "string" ? text : text(place));
  return { code: row.code, message: fill(row.message).replaceAll("%", said), hint: fill(row.hint) };
}

type Text = string | ((place: SmtpPlace) => string);
type Row = { code: Rejection["code"]; message: Text; hint: Text };

const otherPorts = "587 and 2525 go with STARTTLS, 465 with TLS from the start.";
const login = ({ host }: SmtpPlace) =>
  postmarkHost(host) === null
    ? "Copy user name and password from your provider again; one that was changed or revoked there has to be replaced here."
    : "At Postmark the server API token goes into both user name and password (server → API Tokens), and SMTP has to be switched on for the server. A token that was rotated has to be replaced here.";
const blockedPort = ({ port }: SmtpPlace) =>
  port === 2525
    ? "Check host and port, and whether this machine's network lets it out on port 2525."
    : `Check host and port. Many hosting networks block outgoing port ${port}: try 2525, which Postmark and other providers offer too, or ask whoever runs the network.`;

/** `%` stands for what the server or the system said. */
const troubles: Record<Trouble["kind"], Row> = {
  host_not_found: {
    code: "unreachable",
    message: ({ host }) => `There is no server of the name “${host}” (%).`,
    hint: "Check the host for a slip of the pen; your provider's documentation has its exact name.",
  },
  lookup_failed: {
    code: "unreachable",
    message: ({ host }) => `The name “${host}” could not be looked up (%).`,
    hint: "This machine's name resolution did not answer. Try again; if it stays so, ask whoever runs it.",
  },
  private_address: {
    code: "unreachable",
    message: ({ host }) => `“${host}” is not on the public internet (%), so it is not connected to.`,
    hint: "Use the public name of a mail server. Whoever runs this installation can allow private addresses with SMTP_ALLOW_PRIVATE=on.",
  },
  connection_refused: {
    code: "unreachable",
    message: (place) => `${placeName(place)} refused the connection (%).`,
    hint: `Nothing listens there. Check host and port: ${otherPorts}`,
  },
  no_route: {
    code: "unreachable",
    message: (place) => `${placeName(place)} could not be reached (%).`,
    hint: blockedPort,
  },
  no_connection: {
    code: "unreachable",
    message: (place) => `${placeName(place)} did not answer in time (%).`,
    hint: blockedPort,
  },
  no_greeting: {
    code: "unreachable",
    message: (place) => `${placeName(place)} took the connection and said nothing (%).`,
    hint: ({ secure }) =>
      secure === "tls"
        ? "It may be overloaded, or no mail server. Check host and port, then try again."
        : `It seems to expect TLS from the first byte: choose “tls” for this port (465, usually). ${otherPorts}`,
  },
  turned_away: {
    code: "rejected",
    message: (place) => `${placeName(place)} does not talk to this machine: %.`,
    hint: "The server's words say why; it may only know listed addresses. Ask your provider.",
  },
  not_tls: {
    code: "unreachable",
    message: (place) => `${placeName(place)} does not speak TLS from the start (%).`,
    hint: ({ secure }) =>
      secure === "tls"
        ? `Choose “starttls” for this port, or another port: ${otherPorts}`
        : "What came after STARTTLS was not TLS. Check host and port with your provider.",
  },
  no_starttls: {
    code: "unreachable",
    message: (place) => `${placeName(place)} does not offer STARTTLS: %.`,
    hint: `Nothing is sent unencrypted. Choose “tls” with port 465, or “none” where the server is in your own network. ${otherPorts}`,
  },
  certificate: {
    code: "unreachable",
    message: ({ host }) => `The certificate of “${host}” is not accepted (%).`,
    hint: "Use the host name that its certificate is for, or have an expired or self-signed one replaced. A certificate authority of your own is trusted with NODE_EXTRA_CA_CERTS. There is no way to switch the check off.",
  },
  login_refused: { code: "bad_credentials", message: "The server refused the login: %.", hint: login },
  login_needs_tls: {
    code: "bad_credentials",
    message: "The server takes no login without encryption: %.",
    hint: "Choose “starttls” (587, 2525) or “tls” (465).",
  },
  no_login: {
    code: "bad_credentials",
    message: "The server offers no login here: %.",
    hint: "Check port and encryption, or leave user name and password empty where none are needed.",
  },
  busy: {
    code: "unreachable",
    message: (place) => `${placeName(place)} asks to come back later: %.`,
    hint: "It is tried again by itself. If it stays so, the server's words say why.",
  },
  broken: {
    code: "unreachable",
    message: (place) => `The connection to ${placeName(place)} broke (%).`,
    hint: "It is tried again. If it stays so, check port and encryption, and whether something between cuts long connections.",
  },
};

/** Why one message was not taken, for a person. Pure. */
export function adviceOf(kind: Advised, message: string, { host }: SmtpPlace): Rejection {
  switch (kind) {
    case "sender_refused":
      return {
        code: "from_not_verified",
        message: `The server refused the From address: ${message}`,
        hint:
          postmarkHost(host) === null
            ? "Send from an address that this login may use, or verify its domain with your provider."
            : "Verify the domain of the From address, or confirm the address as a sender signature, in Postmark under Sender Signatures.",
      };
    case "inactive":
      return { code: "recipient_inactive", message, hint: "The server knows no such mailbox. Check the address." };
    case "blocked":
      return {
        code: "rejected",
        message: `The server does not pass mail on for us: ${message}`,
        hint: "It wants a login, or does not know this machine. Check user name and password, or ask whoever runs it.",
      };
    case "refused":
      return { code: "rejected", message, hint: "The server's words say what is wrong; mend that, then try again." };
  }
}
