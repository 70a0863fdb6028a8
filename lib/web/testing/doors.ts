import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as batchRoute from "../../../app/v1/events/batch/route";
import * as eventRoute from "../../../app/v1/events/route";
import * as identifyRoute from "../../../app/v1/identify/route";
import { frontDoor } from "../front-door";
import type { Handler } from "../route";

/** A way in. Every promise of the contract holds through each. */
export type Door = {
  name: string;
  ask: (path: string, init?: RequestInit) => Promise<Response>;
  close: () => Promise<void>;
};

const routes: Record<string, Record<string, Handler>> = {
  "/v1/events": eventRoute,
  "/v1/events/batch": batchRoute,
  "/v1/identify": identifyRoute,
};

/** The route modules, as Next calls them. */
export const routeDoor = (): Door => ({
  name: "the route modules",
  ask: async (path, init = {}) => {
    const handler = routes[path.split("?")[0] ?? ""]?.[init.method ?? "GET"];
    if (handler === undefined) return new Response(null, { status: 405 });
    return handler(new Request(`http://localhost${path}`, init), { params: Promise.resolve({}) });
  },
  close: async () => undefined,
});

/** The front door, over HTTP. What it does not answer by itself is a bare 404. */
export async function openFrontDoor(): Promise<Door & { url: string }> {
  const server = createServer(frontDoor((_incoming, outgoing) => void outgoing.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    name: "the front door",
    url,
    ask: (path, init) => fetch(url + path, init),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
