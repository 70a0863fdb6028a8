import "server-only";
import { type openConnector, watchAlerts } from "../connections";
import { db } from "../db";
import { rewriteMergedEvents } from "../events";
import { catchUpNews, sweepPendingNews } from "../sends";
import { tendSuppressionLists } from "../suppressions";

/** `budgetMs`: for how long new pieces are begun at most, and none once it `isOver`; `signal`: that the process ends, so not even waited for. */
type Turn = { budgetMs: number; isOver: () => boolean; signal?: AbortSignal; open: typeof openConnector };
export type Chore = { what: string; everyMs: number; act: (turn: Turn) => Promise<unknown> };

/**
 * What whoever dispatches does beside that, each piece bounded: by the process that stays every so often, and with each call of cron,
 * which is all there is where nothing stays. Any number at once, in any number of processes, is harmless.
 */
export const chores = (): readonly Chore[] => [
  { what: "sweep of pending news", everyMs: 15_000, act: () => sweepPendingNews(db, { limit: 500 }) },
  {
    what: "asking for news",
    everyMs: 15_000,
    act: ({ budgetMs, isOver, open }) => catchUpNews({ withinMs: Math.min(budgetMs, 20_000), isOver, open }),
  },
  {
    what: "rewriting of merged histories",
    everyMs: 15_000,
    act: () => rewriteMergedEvents(db, { rowsMax: 2_000 }),
  },
  {
    what: "tending of suppression lists",
    everyMs: 5_000,
    act: ({ budgetMs, signal }) =>
      tendSuppressionLists({ budgetMs: Math.min(budgetMs, 60_000), ...(signal && { signal }) }),
  },
  { what: "watch over connections", everyMs: 20_000, act: watchInTurns() },
];

/** Each time the next workspaces: those behind the ones before, from the first again after the last. */
function watchInTurns(): Chore["act"] {
  let after: string | null = null;
  return async ({ isOver, open }) => {
    after = (await watchAlerts({ after, isOver, open })).last;
  };
}
