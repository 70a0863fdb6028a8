import "server-only";
import pg from "pg";
import { env } from "../env";
import { log } from "../log";
import { ring, wakeChannel } from "../wake";

export type Listener = { readonly listening: boolean; stop(): Promise<void> };

const retryMsMax = 30_000;

/**
 * Hears the wake-ups of other processes, on a connection of its own. Lost connections are opened again; until then the dispatcher looks
 * by itself more often. Where the database stands behind a pooler and no direct URL is given there is nothing to hear.
 */
export function listen(): Listener {
  const url = env().listenUrl;
  if (url === undefined) return { listening: false, stop: async () => undefined };
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let [stopped, listening, tries] = [false, false, 0];

  const lost = (thrown: unknown, of: pg.Client) => {
    if (of !== client || stopped) return;
    [client, listening, tries] = [undefined, false, tries + 1];
    log.info("not listening for wake-ups", { error: String(thrown), tries });
    of.end().catch(() => undefined); // it is gone already
    timer = setTimeout(open, Math.min(250 * 2 ** tries, retryMsMax)).unref();
  };
  const open = () => {
    const opening = new pg.Client({ connectionString: url, application_name: "gflux listen", keepAlive: true });
    client = opening;
    opening.on("error", (thrown) => lost(thrown, opening));
    opening.on("end", () => lost("the server closed it", opening));
    opening.on("notification", ring);
    opening
      .connect()
      .then(() => opening.query(`listen ${wakeChannel}`))
      .then(() => {
        [listening, tries] = [true, 0];
        ring(); // for what was missed meanwhile
      })
      .catch((thrown) => lost(thrown, opening));
  };
  open();

  return {
    get listening() {
      return listening;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined); // ends anyway
    },
  };
}
