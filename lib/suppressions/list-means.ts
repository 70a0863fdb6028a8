import "server-only";
import type { Tenant } from "../actor";
import { openConnector } from "../connections";
import type { ConnectionRecord, Connector } from "../connections/schema";
import type { Db } from "../db";

/** What tending is handed from outside; tests hand in parts of another world. */
export type ListMeans = {
  open: (
    db: Db,
    tenant: Tenant,
    connectionId: string,
  ) => Promise<{ connector: Pick<Connector, "suppressionList">; connection: ConnectionRecord }>;
  /** In [0, 1). */
  chance: () => number;
  /** How long a provider may take until a dump shows a change: seconds, says its client's own tests; and clocks differ. */
  settlingMs: number;
  /** Ends the waiting for an answer. */
  signal?: AbortSignal;
};
export const ordinaryListMeans: ListMeans = { open: openConnector, chance: Math.random, settlingMs: 30_000 };
