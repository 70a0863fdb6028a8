import "server-only";
import type { z } from "zod";
import * as automations from "../automations/operations";
import * as connections from "../connections/operations";
import * as dispatch from "../dispatch/operations";
import * as events from "../events/operations";
import type { Operation } from "../operation";
import * as profiles from "../profiles/operations";
import * as sends from "../sends/operations";
import * as suppressions from "../suppressions/operations";
import * as workspaces from "../workspaces/operations";

/** An operation as the reference needs it: what it takes and gives, not what it does. */
export type Described = Omit<Operation<z.ZodType, z.ZodType>, "run" | "statusOf">;

/** Everything that the rooms offer, in the order in which the reference shows it. */
const rooms: Record<string, Described>[] = [
  events,
  profiles,
  automations,
  connections,
  dispatch,
  sends,
  suppressions,
  workspaces,
];

/** The public API: what has a route and stands in OpenAPI. */
export const operations: readonly Described[] = rooms
  .flatMap((room) => Object.values(room))
  .filter(({ internal }) => internal !== true);
