import "server-only";
import { sleep } from "../clock";
import { countSentNow, giveBackSends } from "../connections";
import { db, retryTransient, transaction } from "../db";
import { log } from "../log";
import { applyPendingNews } from "../sends";
import { applySuppressions } from "../suppressions";
import type { SuppressionChange } from "../suppressions/schema";
import type { Means } from "./means";
import type { AttemptRecord, Lane, Verdict } from "./schema";
import { isRefusal } from "./store";
import { tenantOf } from "./store-runs";
import { saveVerdicts } from "./store-sends";

/** `now`: what the database's clock shows. `limited`: it was claimed of the connection's limits. */
type Lease = { lane: Lane; leaseToken: string; now: () => Date; limited?: boolean };
/** `attempts`: lines without a verdict. `suppressions`: addresses that the provider holds back. */
export type Outcome = {
  verdicts: readonly Verdict[];
  attempts?: readonly AttemptRecord[];
  suppressions?: readonly SuppressionChange[];
};
const triesMax = 6;

/**
 * Writes down what became of sends, whatever it takes: facts are not known to anybody else. Repeats while the database is away, and
 * splits what it refuses until the bad one stands alone. What could not be saved is left to the lease and the provider's search.
 */
export async function saveAll(lease: Lease, outcome: Outcome, means: Pick<Means, "step">): Promise<void> {
  const { verdicts, attempts = [], suppressions = [] } = outcome;
  if (verdicts.length + attempts.length + suppressions.length === 0) return;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await means.step("save");
      const lost = await retryTransient(() => saveOnce(lease, outcome));
      if (lost.length > 0) log.warn("sends were no longer ours when their outcome came", { sends: lost.join(" ") });
      await countSaved(lease, { verdicts, lost }, means);
      return await applyNews(lease, verdicts, means);
    } catch (thrown) {
      const parts = isRefusal(thrown) ? partsOf(outcome) : [];
      if (parts.length > 0) return saveParts(lease, parts, means);
      log.error("the outcome of sends could not be saved", thrown, { sends: verdicts.length, attempt });
      if (isRefusal(thrown) || attempt === triesMax) return;
      await means.step("wait to save again");
      await sleep(100 * 2 ** attempt);
    }
  }
}

async function saveOnce(
  { lane, leaseToken, now }: Lease,
  { verdicts, attempts, suppressions = [] }: Outcome,
): Promise<string[]> {
  const save = () => saveVerdicts(db, { workspaceId: lane.workspaceId, leaseToken, now }, verdicts, attempts);
  if (suppressions.length === 0) return save();
  return transaction(async (tx) => {
    const lost = await save();
    await applySuppressions(tx, tenantOf(lane), suppressions);
    return lost;
  });
}

/** News that overtook the outcome; what comes between the save and here is swept a minute later, as is what fails here. */
async function applyNews({ lane }: Lease, verdicts: readonly Verdict[], means: Pick<Means, "step">): Promise<void> {
  const ids = verdicts.flatMap(({ settlement }) => settlement.providerMessageId ?? []);
  if (ids.length === 0) return;
  try {
    await means.step("apply news");
    await retryTransient(() => applyPendingNews(db, tenantOf(lane), lane.connectionId, ids));
  } catch (thrown) {
    log.error("kept news could not be applied; it is swept later", thrown, { connection: lane.connectionId });
  }
}

async function saveParts(lease: Lease, parts: readonly Outcome[], means: Pick<Means, "step">): Promise<void> {
  for (const part of parts) await saveAll(lease, part, means);
}

/**
 * For figures and limits: what left is counted, and what was claimed of a connection's limits and did not leave makes room for others.
 * Should it fail, fewer leave that day, never more.
 */
async function countSaved(
  { lane, limited = false }: Lease,
  { verdicts, lost }: { verdicts: readonly Verdict[]; lost: readonly string[] },
  { step }: Pick<Means, "step">,
): Promise<void> {
  const mine = verdicts.filter(({ settlement }) => !lost.includes(settlement.sendId));
  const sent = mine.filter(({ settlement }) => settlement.status === "sent").length;
  const stayed = limited ? mine.filter(({ attempt }) => attempt?.undo).length : 0;
  try {
    await step("count sent");
    if (sent > 0) await countSentNow(db, tenantOf(lane), lane.connectionId, sent);
    await step("give back");
    if (stayed > 0) await giveBackSends(db, tenantOf(lane), lane.connectionId, stayed);
  } catch (thrown) {
    log.error("what was saved could not be counted", thrown, { connection: lane.connectionId });
  }
}

/**
 * Smaller parts of what was refused, each with what is its own, so that none is lost for another one's sake: first the lines that belong
 * to no verdict, then halves; a single verdict, and then what it says of its address. Empty: it cannot be smaller.
 */
function partsOf({ verdicts, attempts = [], suppressions = [] }: Outcome): Outcome[] {
  const [own, loose] = partition(attempts, isOf(verdicts));
  if (verdicts.length > 0 && loose.length > 0)
    return [
      { verdicts: [], attempts: loose },
      { verdicts, attempts: own, suppressions },
    ];
  if (verdicts.length === 1 && suppressions.length > 0)
    return [
      { verdicts, attempts },
      { verdicts: [], suppressions },
    ];
  if (verdicts.length < 2) return [];
  const middle = Math.ceil(verdicts.length / 2);
  const left = verdicts.slice(0, middle);
  const emails = new Set(left.map(({ settlement }) => settlement.toEmail?.toLowerCase()));
  const [leftAttempts, rightAttempts] = partition(attempts, isOf(left));
  const [leftSuppressions, rightSuppressions] = partition(suppressions, ({ email }) => emails.has(email));
  return [
    { verdicts: left, attempts: leftAttempts, suppressions: leftSuppressions },
    { verdicts: verdicts.slice(middle), attempts: rightAttempts, suppressions: rightSuppressions },
  ];
}

function isOf(verdicts: readonly Verdict[]): (attempt: AttemptRecord) => boolean {
  const ids = new Set(verdicts.map(({ settlement }) => settlement.sendId));
  return ({ sendId }) => ids.has(sendId);
}

const partition = <T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] => [
  all.filter(belongs),
  all.filter((one) => !belongs(one)),
];
