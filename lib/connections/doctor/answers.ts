import { AppError } from "../../errors";
import type { SetupAnswer } from "../provider-setup";

/** What was answered. @throws AppError `provider_rejected` for anything but success */
export function done<T>(answer: SetupAnswer<T>): T {
  if (answer.kind === "ok") return answer.value;
  const unreachable = answer.kind === "unreachable";
  const words = answer.message === "" && answer.kind === "refused" ? `code ${answer.code ?? "none"}` : answer.message;
  const message = unreachable ? `Postmark could not be reached: ${words}.` : `Postmark refused: ${words}`;
  const hint = unreachable
    ? "It may have been changed all the same: check again, then try again."
    : (hints.get(answer.code ?? 0) ?? "Mend what Postmark names, then try again.");
  throw new AppError("provider_rejected", message, {
    provider: { code: unreachable ? "unreachable" : "rejected", message, hint },
  });
}

/** Reference §2.4 and §2.5. */
const hints = new Map([
  [1225, "The server has its ten streams: archive one that is no longer used, or choose one of them."],
  [1232, "It was archived too long ago and is purged: use another stream."],
  [1359, "The stream has as many webhooks as Postmark allows: remove one there."],
  [
    1364,
    "This installation must answer at APP_URL from the internet, with 200. Look at proxy, firewall and certificate, then try again.",
  ],
]);
