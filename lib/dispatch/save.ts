import "server-only";
import { sleep } from "../clock";
import { db, retryTransient, transaction } from "../db";
import { log } from "../log";
import { applyPendingNews } from "../sends";
import { applySuppressions } from "../suppressions";
import type { SuppressionChange } from "../suppressions/schema";
import type { AttemptRecord, Lane, Verdict } from "./schema";
import { isRefusal } from "./store";
import { tenantOf } from "./store-runs";
import { saveVerdicts } from "./store-sends";

type Lease = { lane: Lane; leaseToken: string };
const triesMax = 6;

/**
 * Writes down what became of sends, whatever it takes: facts are not known to anybody else. Repeats while the database is away, and
 * halves what it refuses until the bad one stands alone. What could not be saved is left to the lease and the provider's search.
 */
export async function saveAll(
  lease: Lease,
  verdicts: readonly Verdict[],
  further: { attempts?: readonly AttemptRecord[]; suppressions?: readonly SuppressionChange[] } = {},
): Promise<void> {
  if (verdicts.length === 0 && !further.attempts?.length) return;
  const tenant = tenantOf(lease.lane);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const lost = await retryTransient(() => saveOnce(lease, verdicts, further));
      if (lost.length > 0) log.warn("sends were no longer ours when their outcome came", { sends: lost.join(" ") });
      const ids = verdicts.flatMap(({ settlement }) => settlement.providerMessageId ?? []);
      // News that overtook this; what comes between the save and here is swept a minute later.
      if (ids.length > 0) await applyPendingNews(db, tenant, lease.lane.connectionId, ids);
      return;
    } catch (thrown) {
      if (isRefusal(thrown) && verdicts.length > 1) return saveHalves(lease, verdicts, further);
      log.error("the outcome of sends could not be saved", thrown, { sends: verdicts.length, attempt });
      if (isRefusal(thrown) || attempt === triesMax) return;
      await sleep(100 * 2 ** attempt);
    }
  }
}

async function saveOnce(
  { lane, leaseToken }: Lease,
  verdicts: readonly Verdict[],
  {
    attempts = [],
    suppressions = [],
  }: { attempts?: readonly AttemptRecord[]; suppressions?: readonly SuppressionChange[] },
): Promise<string[]> {
  const save = () => saveVerdicts(db, { workspaceId: lane.workspaceId, leaseToken }, verdicts, attempts);
  if (suppressions.length === 0) return save();
  return transaction(async (tx) => {
    const lost = await save();
    await applySuppressions(tx, tenantOf(lane), suppressions);
    return lost;
  });
}

async function saveHalves(
  lease: Lease,
  verdicts: readonly Verdict[],
  further: Parameters<typeof saveAll>[2],
): Promise<void> {
  const middle = Math.ceil(verdicts.length / 2);
  await saveAll(lease, verdicts.slice(0, middle), further);
  await saveAll(lease, verdicts.slice(middle));
}
