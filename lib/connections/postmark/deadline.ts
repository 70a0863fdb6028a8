import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Until when a request may begin to be written. `passed`: it came to that later, and nothing of it left. */
export type Deadline = { endMs: number; passed: boolean };

/**
 * Between opening a connection and writing the request on it a process may be stopped for long, or wait for a slow handshake. Who
 * looks the mail up meanwhile must be right that it can no longer leave, so the last look at the clock is in the same turn as the
 * writing. Node's fetch tells of both on these channels, and has no other way in:
 * https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md
 */
export const withDeadline = <T>(deadline: Deadline, work: () => Promise<T>): Promise<T> => making.run(deadline, work);

const making = new AsyncLocalStorage<Deadline>();
const deadlines = new WeakMap<object, Deadline>();

diagnostics.subscribe("undici:request:create", (message) => {
  const { request } = message as { request: object }; // as documented there
  const deadline = making.getStore();
  if (deadline) deadlines.set(request, deadline);
});

diagnostics.subscribe("undici:client:sendHeaders", (message) => {
  const { request, socket } = message as { request: object; socket: Socket }; // as above
  const deadline = deadlines.get(request);
  if (deadline === undefined || performance.now() <= deadline.endMs) return;
  deadline.passed = true;
  socket.destroy();
});
