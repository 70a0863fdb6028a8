/** The server process where Next was not built: all machine paths and the management API, and no pages. */
import { getRequestListener } from "@hono/node-server";
import { cronRoute } from "../../lib/web/cron";
import { main } from "../../lib/web/front";
import { management } from "./management";

const cron = getRequestListener(cronRoute, { overrideGlobalObjects: false });

await main({
  dev: false,
  open: async () => ({
    handler: (incoming, outgoing) => {
      if (incoming.url?.startsWith("/api/cron/dispatch")) void cron(incoming, outgoing);
      else if (incoming.url?.startsWith("/v1/")) management(incoming, outgoing);
      else outgoing.writeHead(404).end();
    },
    close: async () => undefined,
  }),
});
