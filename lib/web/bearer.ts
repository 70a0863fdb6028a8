import "server-only";
import { createHash, timingSafeEqual } from "node:crypto";
import { env } from "../env";
import { AppError } from "../errors";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** For machines of the operator: `Authorization: Bearer $CRON_SECRET`, compared in constant time. @throws AppError `unauthenticated` */
export function requireCronSecret(request: Request): void {
  const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (given === undefined || !timingSafeEqual(digest(given), digest(env().cronSecret)))
    throw new AppError("unauthenticated", "Send Authorization: Bearer with the value of CRON_SECRET.");
}
