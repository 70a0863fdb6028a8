import "server-only";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { type DialOptions, dial } from "./dial";
import type { SmtpLogin } from "./place";
import { type SmtpFailure, type Trouble, troubleOf } from "./trouble";

export type Envelope = { from: string; to: string; size: number };
/**
 * What came of one message. `ended`: its last line may have been written, so without an answer nobody knows whether it was taken. Until
 * then a server that follows RFC 5321 (§4.1.1.4) has nothing.
 */
type Handed = { ok: true } | { ok: false; failure: SmtpFailure; ended: boolean };

/** One SMTP session, logged in. One message at a time. */
export interface Session {
  /** How many messages went through it. */
  readonly carried: number;
  usable(): boolean;
  /** Hands one message over; by `endMs` (of performance.now) it is given up. Never throws. */
  hand(envelope: Envelope, source: Buffer, endMs: number): Promise<Handed>;
  /** Says goodbye where there is somebody to hear it. */
  close(): void;
}

export type SessionOptions = DialOptions & {
  /** Certificates to be trusted instead of the system's. */
  ca?: string | undefined;
};

const graceMs = 200;
const closeMs = 1_000;
const resetMs = 5_000;

/** Connects, encrypts as asked for and logs in, within `withinMs` altogether. Never throws. */
export async function openSession(
  login: SmtpLogin,
  options: SessionOptions,
  withinMs: number,
): Promise<Session | Trouble> {
  const endMs = performance.now() + withinMs;
  const socket = await dial(login, options, withinMs);
  if ("kind" in socket) return socket;
  const leftMs = Math.max(endMs - performance.now(), 1);
  const connection = connectionOn(socket, login, { ...options, leftMs });
  const over = ending(connection);
  // The library tells which step took too long, so it is given the time to say so.
  const failure = await first(over, leftMs + graceMs, (done) => connection.connect((error) => done(error ?? null)));
  const refused = failure === null ? await logIn(connection, login, { over, endMs }) : troubleOf(failure, login.secure);
  if (refused === null) return new OpenSession(connection, socket, over);
  destroy(connection, socket);
  return refused;
}

/** The TCP connection is ours, so that it goes to the address that was judged; encryption and words are the library's. */
function connectionOn(
  socket: Socket,
  { host, port, secure }: SmtpLogin,
  { ca, leftMs }: SessionOptions & { leftMs: number },
): SMTPConnection {
  return new SMTPConnection({
    host,
    port,
    connection: socket,
    secure: secure === "tls",
    requireTLS: secure === "starttls",
    ignoreTLS: secure === "none",
    // Said outright: an environment variable of Node's would switch the check off.
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(ca && { ca }) },
    connectionTimeout: leftMs,
    greetingTimeout: leftMs,
    socketCloseTimeout: closeMs,
    logger: false,
  });
}

async function logIn(
  connection: SMTPConnection,
  { username, password, secure }: SmtpLogin,
  { over, endMs }: { over: Promise<SmtpFailure>; endMs: number },
): Promise<Trouble | null> {
  if (username === null || password === null) return null;
  // Never offered here: the password is not sent at all.
  if (!connection.allowsAuth)
    return { kind: secure === "none" ? "login_needs_tls" : "no_login", said: "no AUTH offered" };
  const leftMs = Math.max(endMs - performance.now(), 1);
  const failure = await first(over, leftMs, (done) =>
    connection.login({ user: username, pass: password }, (error) => done(error)),
  );
  return failure === null ? null : troubleOf(failure, secure);
}

/** The end of a connection, however it comes. The library emits errors for which there may be nobody left to listen. */
const ending = (connection: SMTPConnection): Promise<SmtpFailure> =>
  new Promise((resolve) => {
    connection.on("error", resolve);
    connection.once("end", () => resolve({ message: "Connection closed", code: "ECONNECTION", command: "CONN" }));
  });

const outOfTime: SmtpFailure = { message: "no answer in time", code: "ETIMEDOUT", command: "CONN" };

/** What comes first: the answer (null: it went well), the end of the connection, or the end of the time. */
async function first(
  over: Promise<SmtpFailure>,
  withinMs: number,
  ask: (done: (failure: SmtpFailure | null) => void) => void,
): Promise<SmtpFailure | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<SmtpFailure>((resolve) => {
    timer = setTimeout(() => resolve(outOfTime), withinMs);
  });
  try {
    return await Promise.race([new Promise<SmtpFailure | null>(ask), over, late]);
  } finally {
    clearTimeout(timer);
  }
}

class OpenSession implements Session {
  carried = 0;
  private broken = false;

  constructor(
    private readonly connection: SMTPConnection,
    private readonly socket: Socket,
    private readonly over: Promise<SmtpFailure>,
  ) {
    void over.then(() => {
      this.broken = true;
    });
  }

  usable = (): boolean => !this.broken && !this.connection.destroyed && !this.socket.destroyed;

  async hand({ from, to, size }: Envelope, source: Buffer, endMs: number): Promise<Handed> {
    this.carried += 1;
    let ended = false;
    const body = bodyOf(source, () => {
      // In the same turn as the last line would be written: a process that was stopped for long does not write it any more.
      if (performance.now() > endMs) this.cut();
      else ended = true;
    });
    const envelope = { from, to, size, use8BitMime: false };
    const failure = await first(this.over, endMs - performance.now(), (done) =>
      this.connection.send(envelope, body, (error) => done(error)),
    );
    if (failure === null) return { ok: true };
    if (!isReply(failure)) this.cut();
    else if (failure.command !== "DATA" || failure.code !== "EMESSAGE") await this.reset();
    return { ok: false, failure, ended };
  }

  close(): void {
    if (this.usable()) this.connection.quit();
    setTimeout(() => this.cut(), closeMs).unref();
  }

  /** Nothing more is written, not even what waits to be. */
  private cut(): void {
    this.broken = true;
    destroy(this.connection, this.socket);
  }

  /** After a refusal half way, so that the next message begins anew (RFC 5321 §4.1.1.5). */
  private async reset(): Promise<void> {
    if (!this.usable()) return;
    const failure = await first(this.over, resetMs, (done) => this.connection.reset((error) => done(error)));
    if (failure !== null) this.cut();
  }
}

/** At once, whatever waits to be written. The encrypted socket ends the one below it; to end that one first crashes Node 20. */
function destroy(connection: SMTPConnection, socket: Socket): void {
  const top = connection._socket || socket;
  top.destroy();
  connection.close();
}

const isReply = ({ command, responseCode }: SmtpFailure) =>
  responseCode !== undefined && command !== undefined && command !== "CONN";

const chunkBytes = 64 * 1024;

/** A message as a stream. `atEnd` is called when all of it was handed on and its last line is about to be written. */
function bodyOf(source: Buffer, atEnd: () => void): Readable {
  let at = 0;
  const body = new Readable({
    read() {
      if (at >= source.length) return void this.push(null);
      const from = at;
      at += chunkBytes;
      this.push(source.subarray(from, at));
    },
  });
  // Before the library's own listener, which writes the last line.
  body.once("end", atEnd);
  return body;
}
