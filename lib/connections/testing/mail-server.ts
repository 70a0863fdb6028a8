import "server-only";
import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Identity } from "./certificates";

export type TakenMail = { from: string; to: string; raw: string; secure: boolean };

/** What the server does instead of taking mail. Each thing happens once for each time it is asked for. */
type Happening =
  | "cut after the last line"
  /** It never took the mail; from outside it looks the same. */
  | "cut after the last line unread"
  | "half a reply"
  | "silence after the last line"
  | "put off"
  | "slow reply";

export type MailServer = {
  port: number;
  /** What it took for good, whatever it answered. */
  readonly taken: TakenMail[];
  /** Whose mails were cut after the last line and not taken. */
  readonly unread: string[];
  /** How many sessions logged in, and how many were open at once at most. */
  readonly logins: { count: number; atOnceMax: number };
  /** The next mails meet these, in order. */
  happen(...what: Happening[]): void;
  /** Refuses what a command says of an address, with the server's own words, until what it gives back is called. */
  refuse(command: "MAIL" | "RCPT" | "DATA", address: string, reply: { code: number; words: string }): () => void;
  password: string;
  close(): Promise<void>;
};

export type MailServerOptions = {
  /** `tls`: from the first byte. */
  mode?: "starttls" | "tls" | "none";
  identity?: Identity;
  login?: { username: string; password: string } | null;
  replyMs?: number;
};

/** A real SMTP server on a free port of this machine, which keeps what it takes. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { mode = "none", identity, login = { username: "acme", password: "a-good-password" }, replyMs = 0 } = options;
  const taken: TakenMail[] = [];
  const unread: string[] = [];
  const logins = { count: 0, atOnceMax: 0 };
  const happenings: Happening[] = [];
  const refusals = new Map<string, Error>();
  const open = new Set<Socket>();
  const refusal = (command: string, address: string) => refusals.get(`${command} ${address}`) ?? null;
  const server: SMTPServer = new SMTPServer({
    secure: mode === "tls",
    ...(identity ?? {}),
    hideSTARTTLS: mode !== "starttls",
    disabledCommands: [...(mode === "starttls" ? [] : ["STARTTLS"]), ...(login === null ? ["AUTH"] : [])],
    authOptional: login === null,
    allowInsecureAuth: mode === "none",
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 20,
    onAuth: ({ username, password }, _session, done) => {
      if (username !== login?.username || password !== facade.password)
        return done(reply(535, "5.7.8 Error: authentication failed"));
      logins.count += 1;
      return done(null, { user: username });
    },
    onMailFrom: ({ address }, _session, done) => done(refusal("MAIL", address)),
    onRcptTo: ({ address }, _session, done) => done(refusal("RCPT", address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      const socket = connectionOf(server, session.id);
      const what = happenings.shift();
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const to = rcptTo[0]?.address ?? "";
        if (what === "cut after the last line unread") {
          unread.push(to);
          return void socket?.destroy();
        }
        if (what === "put off") return done(reply(451, "4.3.2 Come back later"));
        const refused = refusal("DATA", to);
        if (refused) return done(refused);
        const from = mailFrom === false ? "" : mailFrom.address;
        taken.push({ from, to, raw: Buffer.concat(chunks).toString("utf8"), secure: session.secure });
        if (what === "cut after the last line") return void socket?.destroy();
        if (what === "half a reply") return void socket?.end("25");
        if (what === "silence after the last line") return;
        setTimeout(() => done(null, "OK: queued"), what === "slow reply" ? 400 : replyMs);
      });
    },
  } satisfies SMTPServerOptions);
  // What a cut or a broken handshake does to the server is its own business.
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => {
    open.add(socket);
    logins.atOnceMax = Math.max(logins.atOnceMax, open.size);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const facade: MailServer = {
    port: (server.server.address() as AddressInfo).port, // it listens on a port
    taken,
    unread,
    logins,
    happen: (...what) => void happenings.push(...what),
    refuse: (command, address, { code, words }) => {
      refusals.set(`${command} ${address}`, reply(code, words));
      return () => void refusals.delete(`${command} ${address}`);
    },
    password: login?.password ?? "",
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return facade;
}

const reply = (responseCode: number, words: string): Error => Object.assign(new Error(words), { responseCode });

/** The socket of a session, which the server itself keeps in its list. */
function connectionOf(server: SMTPServer, sessionId: string): Socket | undefined {
  const connections: Iterable<{ id: string; _socket: Socket }> = Reflect.get(server, "connections");
  return [...connections].find(({ id }) => id === sessionId)?._socket;
}
