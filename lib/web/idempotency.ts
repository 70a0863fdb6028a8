import "server-only";
import type { Tenant } from "../actor";
import { db, outsideTransaction, retryTransient, transaction } from "../db";
import { AppError, statusOf } from "../errors";
import type { Answer, Idempotency } from "../events";
import { log } from "../log";
import { seal, unseal } from "../seal";
import { wake } from "../wake";
import { asAppError, errorBody } from "./answer";
import { type Claim, keepAnswer, lockKey, purgeAnswers, readAnswer, startRunning, stopRunning } from "./store";

/** Who calls out and has not come back after this has died: another may try. Longer than any call to a provider takes. */
const takeoverSeconds = 60;
const purgeEvery = 200;

export type Reply = { status: number; body: unknown };
type Once = { tenant: Tenant; claim: Claim; requestId: string; callsOut: boolean; work: () => Promise<Reply> };

/**
 * Does `work` once for each idempotency key: the same body gets the stored answer again. What it did and the answer are committed
 * together; refusals (4xx) are kept too, 429 and our own failures are not.
 * @throws AppError `idempotency_conflict` for another body, `conflict` while it runs, and what `work` throws
 */
export async function once({ callsOut, ...rest }: Once): Promise<Reply> {
  purgeNowAndThen();
  const reply = await (callsOut ? onceOutside(rest) : onceInside(rest));
  wake(); // what `work` woke the dispatcher for is committed only now
  return reply;
}

/** For intake, which stores the answer in the statement that stores the events. */
export const intakeIdempotency = (tenant: Tenant, claim: Claim): Idempotency => ({
  ...claim,
  seal: (kept: Answer) => sealed(tenant, claim, kept.body),
  unseal: (bytes, status) => ({ status, body: opened(tenant, claim, bytes) as Answer["body"] }), // it was sealed as one
});

type Work = Omit<Once, "callsOut">;

async function onceInside({ tenant, claim, requestId, work }: Work): Promise<Reply> {
  let refused: unknown;
  try {
    return await retryTransient(() =>
      transaction(
        async (tx) => {
          refused = undefined;
          if (!(await lockKey(tx, tenant, claim))) throw stillRunning();
          const stored = await replay(tenant, claim);
          if (stored) return stored;
          const reply = await work().catch((thrown: unknown) => {
            refused = thrown;
            throw thrown;
          });
          await keep(tenant, claim, reply);
          return reply;
        },
        { timeoutMs: 30_000 },
      ),
    );
  } catch (thrown) {
    // What it began is undone; that it was refused is remembered.
    if (thrown === refused) await keepRefusal({ tenant, claim, requestId, thrown });
    throw thrown;
  }
}

async function onceOutside({ tenant, claim, requestId, work }: Work): Promise<Reply> {
  if (!(await startRunning(db, tenant, claim, takeoverSeconds))) {
    const stored = await replay(tenant, claim);
    if (stored) return stored;
    throw stillRunning();
  }
  try {
    const reply = await work();
    await keep(tenant, claim, reply);
    return reply;
  } catch (thrown) {
    if (isKept(thrown)) await keepRefusal({ tenant, claim, requestId, thrown });
    else await stopRunning(db, tenant, claim);
    throw thrown;
  }
}

/** The stored answer to the same body. @returns null when there is none, or not yet */
async function replay(tenant: Tenant, claim: Claim): Promise<Reply | null> {
  const found = await readAnswer(db, tenant, claim);
  if (found === null) return null;
  if (found.bodyHash !== claim.bodyHash) throw new AppError("idempotency_conflict");
  if (found.status === null || found.answer === null) return null;
  return { status: found.status, body: opened(tenant, claim, found.answer) };
}

const keep = (tenant: Tenant, claim: Claim, { status, body }: Reply) =>
  keepAnswer(db, tenant, claim, { status, answer: sealed(tenant, claim, body) });

async function keepRefusal({
  tenant,
  claim,
  requestId,
  thrown,
}: Omit<Work, "work"> & { thrown: unknown }): Promise<void> {
  if (!isKept(thrown)) return;
  await outsideTransaction(() => keep(tenant, claim, { status: statusOf(thrown), body: errorBody(thrown, requestId) }));
}

function isKept(thrown: unknown): boolean {
  const status = statusOf(asAppError(thrown));
  return status >= 400 && status < 500 && status !== 429;
}

const stillRunning = () =>
  new AppError("conflict", "A request with this idempotency key is running.", { retryAfterSeconds: 1 });

const placeOf = ({ workspaceId }: Tenant, { scope, key }: Claim) => `idempotency:${workspaceId}:${scope}:${key}`;
const sealed = (tenant: Tenant, claim: Claim, body: unknown) =>
  seal(JSON.stringify(body ?? null), placeOf(tenant, claim));
const opened = (tenant: Tenant, claim: Claim, bytes: Uint8Array): unknown =>
  JSON.parse(unseal(bytes, placeOf(tenant, claim)));

let sincePurge = 0;
function purgeNowAndThen(): void {
  sincePurge += 1;
  if (sincePurge < purgeEvery) return;
  sincePurge = 0;
  outsideTransaction(() => purgeAnswers(db, 1_000)).catch((thrown) =>
    log.warn("old answers were not forgotten", { error: String(thrown) }),
  );
}
