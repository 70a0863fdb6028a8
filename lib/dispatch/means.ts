import "server-only";
import type { Tenant } from "../actor";
import { openConnector } from "../connections";
import type { ConnectionRecord, Connector } from "../connections/schema";
import type { Db } from "../db";

/** What the engine is handed from outside. */
export type Means = {
  open: (
    db: Db,
    tenant: Tenant,
    connectionId: string,
  ) => Promise<{ connector: Connector; connection: ConnectionRecord }>;
  /** Called before each await of delivering and looking up, with its name: where a test pulls the plug. */
  step: (name: string) => void | Promise<void>;
  /** In [0, 1). */
  chance: () => number;
};

/** The world as it is; tests hand in parts of another one. */
export const ordinaryMeans: Means = { open: openConnector, step: () => undefined, chance: Math.random };
