import "server-only";
import { sleep } from "../clock";
import { db } from "../db";
import { type Means, ordinaryMeans } from "./means";
import type { DispatchReport } from "./schema";
import { Shift } from "./shift";
import { beat, remainingWork } from "./store";

export { type Dispatcher, startDispatcher } from "./resident";
export { sendTest } from "./send-test";

type Pass = { budgetMs: number; kind: "server" | "worker" | "cron" } & Partial<Means>;

/**
 * One pass: advances, delivers and looks up until nothing is due, or for `budgetMs`. Any number at once, in any number of processes, is
 * harmless. When the budget is used up nothing new is begun; a call that still hangs then goes on by itself and is not waited for:
 * should the process end before it, its lease lapses and the send is looked up.
 */
export async function dispatch({ budgetMs, kind, ...given }: Pass): Promise<DispatchReport> {
  const endMs = performance.now() + budgetMs;
  const shift = new Shift({ ...ordinaryMeans, ...given }, () => performance.now() >= endMs);
  const over = new Promise<void>((resolve) => setTimeout(resolve, budgetMs).unref());
  if (kind === "cron") await beat(db, { process: "cron", kind });
  let quietRounds = 0;
  // Two in a row, because moments are kept to the millisecond: what is due just now may be due a little later.
  while (performance.now() < endMs && quietRounds < 2) {
    quietRounds = (await shift.round()) ? 0 : quietRounds + 1;
    if (quietRounds === 0) continue;
    if (shift.working === 0) {
      await sleep(2);
      continue;
    }
    quietRounds = 0;
    await Promise.race([shift.oneDone(), over]);
  }
  await Promise.race([shift.allDone(), over]);
  return { ...shift.done, remaining: await remainingWork(db) };
}
