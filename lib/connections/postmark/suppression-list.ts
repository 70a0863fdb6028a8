import "server-only";
import * as z from "zod";
import type {
  ListAnswer,
  ListedChange,
  ListedSuppression,
  SuppressionDump,
  SuppressionList,
} from "../suppression-list";
import { ArrayReader } from "./array-reader";
import { causeOf, codeOf, type Exchange, envelopeOf } from "./exchange";
import type { Transport } from "./transport";
import { instantOf, objectOf, type Payload, textOf } from "./webhook-fields";

/** A list of a million addresses at a slow line; it is read while it comes. */
const dumpLimits = { startWithinMs: 10_000, timeoutMs: 120_000 };
/** A person may wait for it. */
const writeLimits = { startWithinMs: 5_000, timeoutMs: 5_000 };
/** As many as one reactivation looks through: an address has seldom bounced more than once. */
const bouncesMax = 50;

/** Postmark's suppressions of a server, by stream (reference §5). */
export function postmarkSuppressionList(transport: Transport): SuppressionList {
  return {
    addressesMax: 50,
    dump: (stream) => dump(transport, stream, new Date()),
    add: (stream, emails) => write(transport, stream, emails, "createSuppressions"),
    remove: (stream, emails) => write(transport, stream, emails, "deleteSuppressions"),
    reactivate: (stream, email) => reactivate(transport, stream, email),
  };
}

/** The library pastes the stream into the path as it is (client notes §3). */
const isStreamId = (stream: string) => /^[a-z][a-z0-9_-]{0,29}$/.test(stream);
const oddStream = (stream: string) => ({ kind: "cannot_know", cause: `“${stream}” is no id of a stream` }) as const;

async function dump(transport: Transport, stream: string, now: Date): Promise<SuppressionDump> {
  if (!isStreamId(stream)) return oddStream(stream);
  const entries: ListedSuppression[] = [];
  const reader = new ArrayReader((item) => {
    const entry = entryOf(objectOf(item), now);
    if (entry) entries.push(entry);
  });
  let broken = false;
  const onText = (text: string) => {
    try {
      if (!broken) reader.push(text);
    } catch {
      broken = true; // one object that is not JSON: the list is not complete, which is told below
    }
  };
  // A filter of our own: without one the library asks for the first hundred (client notes §3).
  const exchange = await transport.asServer((client) => client.getSuppressions(stream, noFilter), {
    ...dumpLimits,
    onText,
  });
  if (exchange.kind !== "answer" || exchange.status !== 200) return notKnown(exchange);
  if (broken || !reader.complete) return { kind: "cannot_know", cause: "the list did not come whole" };
  return { kind: "listed", entries };
}

const notKnown = (exchange: Exchange) =>
  ({ kind: "cannot_know", cause: causeOf(exchange), code: codeOf(exchange) }) as const;

const noFilter = {};

function entryOf(wire: Payload, now: Date): ListedSuppression | null {
  const email = textOf(wire, "EmailAddress", 321)?.trim().toLowerCase() ?? "";
  if (email === "" || email.length > 320) return null;
  const origin = originOf(textOf(wire, "Origin", 64));
  return {
    email,
    reason: reasonOf(textOf(wire, "SuppressionReason", 64), origin),
    origin,
    createdAt: new Date(instantOf(textOf(wire, "CreatedAt", 64), now)),
  };
}

/** An unsubscribe click is a ManualSuppression by the Recipient: there is no reason of that name (reference §5). */
function reasonOf(reason: string | null, origin: ListedSuppression["origin"]): ListedSuppression["reason"] {
  if (reason === "HardBounce") return "hard_bounce";
  if (reason === "SpamComplaint") return "spam_complaint";
  return origin === "recipient" ? "unsubscribe" : "manual";
}

function originOf(origin: string | null): ListedSuppression["origin"] {
  const known = origin?.toLowerCase();
  return known === "recipient" || known === "customer" || known === "admin" ? known : "provider";
}

const written = z.object({
  Suppressions: z.array(z.object({ EmailAddress: z.string(), Status: z.string(), Message: z.string().nullish() })),
});

async function write(
  transport: Transport,
  stream: string,
  emails: readonly string[],
  call: "createSuppressions" | "deleteSuppressions",
): Promise<ListAnswer> {
  if (!isStreamId(stream)) return oddStream(stream);
  const body = { Suppressions: emails.map((EmailAddress) => ({ EmailAddress })) };
  const exchange = await transport.asServer((client) => client[call](stream, body), writeLimits);
  const read = exchange.kind === "answer" && exchange.status === 200 ? written.safeParse(exchange.body) : null;
  if (!read?.success) {
    // One address that Postmark cannot read refuses the whole call (1408); alone it is told what is wrong with it.
    const refusal = exchange.kind === "answer" ? envelopeOf(exchange.body) : null;
    if (refusal?.code === 1408 && emails.length === 1)
      return {
        kind: "answered",
        changes: emails.map((email) => ({ email, kind: "refused", message: refusal.message })),
      };
    if (refusal?.code === 1408) return writeEach(transport, stream, emails, call);
    return notKnown(exchange);
  }
  const answers = new Map(read.data.Suppressions.map((item) => [item.EmailAddress.trim().toLowerCase(), item]));
  const changes = emails.flatMap((email): ListedChange[] => {
    const answer = answers.get(email.toLowerCase());
    if (!answer) return []; // not told: it is asked again
    if (answer.Status !== "Failed") return [{ email, kind: "done" }];
    return [{ email, kind: "refused", message: (answer.Message ?? "It was not said why.").slice(0, 500) }];
  });
  return { kind: "answered", changes };
}

async function writeEach(
  transport: Transport,
  stream: string,
  emails: readonly string[],
  call: "createSuppressions" | "deleteSuppressions",
): Promise<ListAnswer> {
  const answers = await Promise.all(emails.map((email) => write(transport, stream, [email], call)));
  const changes = answers.flatMap((answer) => (answer.kind === "answered" ? answer.changes : []));
  return { kind: "answered", changes };
}

const bounces = z.object({
  Bounces: z.array(
    z.object({
      ID: z.union([z.number(), z.string()]),
      Email: z.string(),
      Inactive: z.boolean(),
      CanActivate: z.boolean().nullish(),
    }),
  ),
});

async function reactivate(transport: Transport, stream: string, email: string): Promise<ListAnswer> {
  if (!isStreamId(stream)) return oddStream(stream);
  const filter = { count: bouncesMax, offset: 0, inactive: true, emailFilter: email, messageStream: stream };
  const found = await transport.asServer((client) => client.getBounces(filter), writeLimits);
  const read = found.kind === "answer" && found.status === 200 ? bounces.safeParse(found.body) : null;
  if (!read?.success) return notKnown(found);
  const bounce = read.data.Bounces.find(
    (item) => item.Email.toLowerCase() === email.toLowerCase() && item.Inactive && item.CanActivate !== false,
  );
  const refused = (message: string): ListAnswer => ({
    kind: "answered",
    changes: [{ email, kind: "refused", message }],
  });
  // An id of more digits than a number keeps (reference §6) would be another bounce's.
  if (!bounce || !Number.isSafeInteger(Number(bounce.ID)))
    return refused("Postmark shows no bounce of this address that can be reactivated from here.");
  const exchange = await transport.asServer((client) => client.activateBounce(Number(bounce.ID)), writeLimits);
  if (exchange.kind === "answer" && exchange.status === 200)
    return { kind: "answered", changes: [{ email, kind: "done" }] };
  const said = exchange.kind === "answer" ? envelopeOf(exchange.body) : null;
  return said?.code === 1003 ? refused(said.message) : notKnown(exchange);
}
