import { once } from "node:events";
import net from "node:net";
import type { Chance } from "./scale";

export type Wire = Awaited<ReturnType<typeof startWire>>;

/** A wire to the database that can be cut and clogged. Listens on loopback. */
export async function startWire(port: number, chance: Chance) {
  const pairs = new Set<{ near: net.Socket; far: net.Socket }>();
  let clogged = false;
  const server = net.createServer((near) => {
    const far = net.connect(port, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    const part = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.setNoDelay(true).on("error", part).on("close", part);
    near.pipe(far);
    far.pipe(near);
    if (clogged) clog(pair);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");

  const clog = ({ near, far }: { near: net.Socket; far: net.Socket }) => {
    near.unpipe(far);
    far.unpipe(near);
    near.pause();
    far.pause();
  };
  return {
    port: address.port,
    /** Ends some or all connections with RST on both sides, in the middle of whatever passes. @returns how many */
    cut(share: number): number {
      const chosen = [...pairs].filter(() => chance.next() < share);
      for (const { near, far } of chosen) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
      return chosen.length;
    },
    /** Nothing passes any more, and nobody is told; new connections are taken and hear nothing. */
    clog(): void {
      clogged = true;
      for (const pair of pairs) clog(pair);
    },
    /** It passes again, what was held back first. */
    unclog(): void {
      clogged = false;
      for (const { near, far } of pairs) {
        near.pipe(far);
        far.pipe(near);
      }
    },
    /**
     * What was opened until now never passes anything again, nor the news that one side has given up; the server finds out after
     * `serverFindsOutMs`. What is opened from now on passes.
     */
    forget(serverFindsOutMs: number): void {
      clogged = false;
      for (const { near, far } of pairs) {
        near.removeAllListeners("close");
        setTimeout(() => far.destroy(), serverFindsOutMs).unref();
      }
      pairs.clear();
    },
    async close(): Promise<void> {
      const closed = once(server, "close");
      server.close();
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await closed;
    },
  };
}
