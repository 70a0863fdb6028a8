import "server-only";
import { type AddressInfo, createServer, type Socket } from "node:net";

/**
 * Where a server stops answering: at which of the client's lines it closes (or falls silent). `body`: in the middle of the text;
 * `end`: after the last line, with or without having taken the mail, which nobody can tell from outside.
 */
export type CutPoint = "connect" | "EHLO" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "body" | "end";
export type CutServer = { port: number; sessions: () => number; ended: () => number; close(): Promise<void> };

/** An SMTP server by hand, of the simplest kind, that cuts the connection at one point (the first `times` times) or falls silent there. */
export async function startCutServer(
  at: CutPoint | null,
  {
    silent = false,
    times = 1_000,
    pipelining = false,
  }: { silent?: boolean; times?: number; pipelining?: boolean } = {},
): Promise<CutServer> {
  let [sessions, ended, cuts] = [0, 0, 0];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    sessions += 1;
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => open.delete(socket));
    let dead = false;
    /** @returns whether the server ends here */
    const stop = (point: CutPoint): boolean => {
      if (point !== at || cuts >= times) return false;
      cuts += 1;
      dead = true;
      if (!silent) socket.destroy();
      return true;
    };
    let [inText, buffer] = [false, ""];
    const answer = (line: string): void => {
      const word = (/^[A-Z]+/i.exec(line)?.[0] ?? "").toUpperCase();
      if ((["EHLO", "AUTH", "MAIL", "RCPT", "DATA"] as const).some((point) => point === word && stop(point))) return;
      inText = word === "DATA";
      socket.write(replies[word]?.replace("250-", pipelining ? "250-PIPELINING\r\n250-" : "250-") ?? "250 OK\r\n");
    };
    socket.on("data", (chunk) => {
      if (dead) return;
      buffer += chunk.toString("latin1");
      for (;;) {
        if (dead) return;
        if (inText) {
          if (buffer.length > 0 && stop("body")) return;
          const end = buffer.indexOf("\r\n.\r\n");
          if (end < 0) return;
          buffer = buffer.slice(end + 5);
          inText = false;
          ended += 1;
          if (stop("end")) return;
          socket.write("250 OK\r\n");
          continue;
        }
        const at = buffer.indexOf("\r\n");
        if (at < 0) return;
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        answer(line);
      }
    });
    if (!stop("connect")) socket.write("220 cut.example ESMTP\r\n");
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    sessions: () => sessions,
    ended: () => ended,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const replies: Record<string, string> = {
  EHLO: "250-cut.example\r\n250 AUTH PLAIN\r\n",
  AUTH: "235 2.7.0 OK\r\n",
  DATA: "354 go on\r\n",
  QUIT: "221 bye\r\n",
};
