import "server-only";
import { db, outsideTransaction } from "../db";
import { AppError } from "../errors";
import { hashSecret } from "../ids";
import { passwordMatches } from "./passwords";
import { type Account, accountByEmail, countAttempt, forgetAttempts, forgiveAttempt } from "./store-accounts";
import { addressFailuresMax, originFailuresMax, waitSentence } from "./throttle";

/** `origin` is where the attempt comes from (a network address); null when there is none to count by. */
export type Attempt = { email: string; password: string; origin: string | null };

// Hashed, so that the table keeps no list of what people typed.
const addressKey = (email: string) => `address:${hashSecret(email)}`;
const originKey = (origin: string) => `origin:${hashSecret(origin)}`;

/**
 * The account that the address and password open, or null. Every failure counts against the address and the origin, and it takes
 * as long when nobody has the address. @throws AppError `rate_limited` when there were too many
 */
export function openAccount({ email, password, origin }: Attempt): Promise<Account | null> {
  return outsideTransaction(async () => {
    if (origin !== null) await admit(originKey(origin), originFailuresMax);
    await admit(addressKey(email), addressFailuresMax);
    const account = await accountByEmail(db, email);
    if (!(await passwordMatches(password, account?.passwordHash ?? null))) return null;
    await forgetAttempts(db, addressKey(email));
    if (origin !== null) await forgiveAttempt(db, originKey(origin));
    return account;
  });
}

/** After a new password was set by other means, the person need not wait. */
export const forgetFailures = (email: string): Promise<void> => forgetAttempts(db, addressKey(email));

async function admit(key: string, failuresMax: number): Promise<void> {
  const { attempts, secondsLeft } = await countAttempt(db, key);
  if (attempts > failuresMax)
    throw new AppError("rate_limited", waitSentence(secondsLeft), { retryAfterSeconds: secondsLeft });
}
