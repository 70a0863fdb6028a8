import "server-only";
import { sleep } from "../clock";
import { db } from "../db";
import { type Means, ordinaryMeans } from "./means";
import type { DispatchReport } from "./schema";
import { Shift } from "./shift";
import { beat, remainingWork } from "./store";

export { chores } from "./chores";
export { examineConnection, mendConnection, recentExamination, watchLoop } from "./doctor";
export { type Dispatcher, startDispatcher } from "./resident";
export { sendTest } from "./send-test";
export { whyPerson } from "./why-person";

type Pass = { budgetMs: number; kind: "server" | "worker" | "cron" } & Partial<Means>;

const lookAgainMs = 250;

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
  // Two in a row: a round that took long has looked long ago.
  while (performance.now() < endMs && quietRounds < 2) {
    quietRounds += 1;
    if (await shift.round()) quietRounds = 0;
    if (quietRounds === 0) continue;
    // What is due and rests for a moment is waited for; what rests for long is left to a later pass.
    const { restsMs } = shift;
    if (shift.working === 0 && restsMs > lookAgainMs) continue;
    quietRounds = 0;
    // While calls are under way it looks again now and then: others become due, and places free.
    const again = sleep(Math.min(restsMs, lookAgainMs));
    await (shift.working === 0 ? again : Promise.race([shift.oneDone(), over, again]));
  }
  await Promise.race([shift.allDone(), over]);
  return { ...shift.done, remaining: await remainingWork(db) };
}
