import "server-only";
import { isAddress } from "./addresses";
import { type Answer, json, refuse } from "./answer";
import type { Call } from "./call";
import { suppressionOrigins, suppressionReasons } from "./schema";
import type { WorldState } from "./state";
import { findStream, unknownStream } from "./streams";
import { liftSuppression, seenSuppressions, suppress, suppressionOnFile } from "./suppression-list";
import { easternSeconds, parseEastern } from "./time";
import { isObject, wrongTypesText } from "./validate";

const perCallMax = 50;
type Result = { EmailAddress: string; Status: "Suppressed" | "Deleted" | "Failed"; Message: string | null };

/** `GET /message-streams/{id}/suppressions/dump`: all of them, unless the world's switch says that paging works. */
export function dumpSuppressions(world: WorldState, call: Call): Answer {
  const stream = findStream(world, call.params[0]);
  if (!stream) return unknownStream();
  const filter = (key: string) => call.query.get(key)?.toLowerCase();
  const [reason, origin, email] = [filter("suppressionreason"), filter("origin"), filter("emailaddress")];
  if (reason && !suppressionReasons.some((r) => r.toLowerCase() === reason))
    return refuse(1404, "Sandbox text: SuppressionReason is not one of the allowed values.");
  if (origin && !suppressionOrigins.some((o) => o.toLowerCase() === origin))
    return refuse(1405, "Sandbox text: Origin is not one of the allowed values.");
  const from = parseEastern(call.query.get("fromdate") ?? "", "from") ?? 0;
  const to = parseEastern(call.query.get("todate") ?? "", "to") ?? Number.POSITIVE_INFINITY;
  let found = seenSuppressions(world, stream.id).filter(
    (s) =>
      (!reason || s.reason.toLowerCase() === reason) &&
      (!origin || s.origin.toLowerCase() === origin) &&
      (!email || s.email === email) &&
      s.createdAtMs >= from &&
      s.createdAtMs <= to,
  );
  if (world.settings.pageSuppressions) {
    const offset = Number(call.query.get("offset") ?? 0);
    found = found.slice(offset, offset + Number(call.query.get("count") ?? found.length));
  }
  const Suppressions = found.map((s) => ({
    EmailAddress: s.email,
    SuppressionReason: s.reason,
    Origin: s.origin,
    CreatedAt: easternSeconds(s.createdAtMs),
  }));
  return json({ Suppressions });
}

/** `POST /message-streams/{id}/suppressions`: manual ones by the customer, each with its own result. */
export function createSuppressions(world: WorldState, call: Call): Answer {
  return eachAddress(world, call, (stream, email) => {
    if (!isAddress(email)) return failed(email, "An invalid email address was provided.");
    const delayMs = world.settings.consistencyDelayMs;
    suppress(world, stream, { email, reason: "ManualSuppression", origin: "Customer", message: null, delayMs });
    return { EmailAddress: email, Status: "Suppressed", Message: null };
  });
}

/** `POST /message-streams/{id}/suppressions/delete`: complaints (and, by default, unsubscribes) stay. */
export function deleteSuppressions(world: WorldState, call: Call): Answer {
  return eachAddress(world, call, (stream, email) => {
    if (!isAddress(email)) return failed(email, "An invalid email address was provided.");
    const known = suppressionOnFile(world, stream, email);
    const unsubscribe = known?.reason === "ManualSuppression" && known.origin === "Recipient";
    if (known?.reason === "SpamComplaint" || (unsubscribe && !world.settings.unsubscribesDeletable))
      return failed(email, "You do not have the required authority to change this suppression.");
    liftSuppression(world, stream, email, world.settings.consistencyDelayMs);
    return { EmailAddress: email, Status: "Deleted", Message: null };
  });
}

const failed = (email: string, message: string): Result => ({
  EmailAddress: email,
  Status: "Failed",
  Message: message,
});

function eachAddress(world: WorldState, call: Call, act: (stream: string, email: string) => Result): Answer {
  const stream = findStream(world, call.params[0]);
  if (!stream) return unknownStream();
  const list = isObject(call.json) ? call.json.Suppressions : undefined;
  if (list === undefined) return refuse(1409, "Sandbox text: Suppressions are missing.");
  if (!Array.isArray(list)) return refuse(403, wrongTypesText(["Suppressions"]));
  if (list.length > perCallMax)
    return refuse(1410, `Sandbox text: more than ${perCallMax} suppressions in one request.`);
  const emails = list.map((entry) => (isObject(entry) ? entry.EmailAddress : undefined));
  if (!emails.every((email) => typeof email === "string"))
    return refuse(1411, "Sandbox text: EmailAddress is missing.");
  return json({ Suppressions: emails.map((email) => act(stream.id, email.trim())) });
}
