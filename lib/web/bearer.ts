import "server-only";
import { createHash, timingSafeEqual } from "node:crypto";
import { env } from "../env";
import { AppError } from "../errors";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Whether a machine of the operator asks: `Authorization: Bearer $CRON_SECRET`, compared in constant time. */
export function hasCronSecret(request: Request): boolean {
  const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(env().cronSecret));
}

/** @throws AppError `unauthenticated` for whoever has not the secret */
export function requireCronSecret(request: Request): void {
  if (!hasCronSecret(request))
    throw new AppError("unauthenticated", "Send Authorization: Bearer with the value of CRON_SECRET.");
}
