import "server-only";
import { expect } from "vitest";
import { db, outsideTransaction } from "../db";

/**
 * Until a statement waits for a lock that somebody else has. Asked outside of the caller's transaction, which would see for ever who waited
 * when it first looked (PostgreSQL's "The Cumulative Statistics System": a snapshot is kept until the transaction ends).
 */
export const somebodyWaits = () => expect.poll(() => outsideTransaction(waitingForLocks)).toHaveLength(1);

const waitingForLocks = () =>
  db.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
