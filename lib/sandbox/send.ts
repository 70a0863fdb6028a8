import "server-only";
import { domainOf, inDomains } from "./addresses";
import { type Answer, empty, json, refuse } from "./answer";
import type { Call } from "./call";
import { accept } from "./lifecycle";
import type { Draft, WorldState } from "./state";
import { seenSuppression } from "./suppression-list";
import { easternStamp } from "./time";
import { isObject, validate, wrongTypes, wrongTypesText } from "./validate";

type Item = Record<string, unknown>;
/** One message's fate, before it is known whether it travels alone or in a batch. */
type Fate =
  | { kind: "accepted"; body: Item }
  | { kind: "refused"; code: number; message: string; body?: Item }
  | { kind: "inactive"; addresses: string }
  | { kind: "tooLarge" };

const batchMax = 500;

/** `POST /email` */
export function sendOne(world: WorldState, call: Call): Answer {
  const wrong = wrongTypes(call.json);
  if (wrong.length > 0 || !isObject(call.json)) return refuse(403, wrongTypesText(wrong));
  const fate = sendItem(world, call, call.json);
  switch (fate.kind) {
    case "accepted":
      return json(fate.body);
    case "refused":
      return refuse(fate.code, fate.message, { body: fate.body });
    case "inactive":
      return refuse(
        406,
        `You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ${fate.addresses}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.`,
      );
    case "tooLarge":
      return empty(413);
  }
}

/** `POST /email/batch`: an answer for each item, in order; the 406 text differs from that of a single send. */
export function sendBatch(world: WorldState, call: Call): Answer {
  const items = call.json;
  if (!Array.isArray(items)) return refuse(403, wrongTypesText(["Messages"]));
  if (items.length > batchMax)
    return refuse(410, `You may only send up to ${batchMax} messages in a single batched request.`);
  const { batchTypeErrors, batchStreamErrors } = world.settings;
  const wrong = [...new Set(items.flatMap(wrongTypes))];
  if (wrong.length > 0 && batchTypeErrors === "call") return refuse(403, wrongTypesText(wrong));
  if (batchStreamErrors === "call" && items.some((item) => badStream(world, item)))
    return refuse(1235, "The 'MessageStream' provided does not exist on this server.");
  const answers: Item[] = [];
  for (const item of items.slice(0, call.effects.itemsMax ?? items.length)) {
    const badTypes = wrongTypes(item);
    const fate: Fate =
      badTypes.length > 0 || !isObject(item)
        ? { kind: "refused", code: 403, message: wrongTypesText(badTypes) }
        : sendItem(world, call, item);
    if (fate.kind === "tooLarge") return empty(413);
    answers.push(batchEntry(fate));
  }
  return json(answers);
}

function batchEntry(fate: Exclude<Fate, { kind: "tooLarge" }>): Item {
  if (fate.kind === "accepted") return fate.body;
  if (fate.kind === "refused") return { ErrorCode: fate.code, Message: fate.message, ...fate.body };
  return {
    ErrorCode: 406,
    // The trailing space is Postmark's.
    Message: `You tried to send to a recipient that has been marked as inactive. Found inactive addresses: ${fate.addresses}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression. `,
  };
}

function badStream(world: WorldState, item: unknown): boolean {
  const id = isObject(item) && typeof item.MessageStream === "string" ? item.MessageStream : "outbound";
  return !world.streams.some((s) => s.id === id && s.archivedAtMs === null);
}

function sendItem(world: WorldState, call: Call, item: Item): Fate {
  const verdict = validate(item, world.streams);
  if (verdict.kind !== "valid") return verdict;
  const { draft } = verdict;
  if (call.testToken) {
    const body = accepted(world, draft, { MessageID: world.chance.guid(), Message: "Test job accepted" });
    return { kind: "accepted", body };
  }
  return checkAccount(world, draft) ?? deliverToActive(world, call, draft);
}

function checkAccount(world: WorldState, draft: Draft): Fate | null {
  const { account, unverifiedDomains, unconfirmedDomains } = world.settings;
  const no = (code: number, message: string): Fate => ({
    kind: "refused",
    code,
    message: `Sandbox text: ${message}`,
  });
  if (account === "rejected") return no(413, "this account may not send.");
  const home = domainOf(draft.from.email);
  if (account === "pending" && draft.recipients.some((r) => domainOf(r.email) !== home))
    return no(412, `account pending approval; every recipient must share the From domain (${home}).`);
  if (inDomains(draft.from.email, unconfirmedDomains))
    return no(401, "the Sender Signature of the From address is not confirmed.");
  if (inDomains(draft.from.email, unverifiedDomains))
    return no(400, `the From address ${draft.from.email} has no Sender Signature on this account.`);
  return null;
}

function deliverToActive(world: WorldState, call: Call, draft: Draft): Fate {
  const inactive = new Set<string>();
  for (const recipient of draft.recipients)
    if (seenSuppression(world, draft.stream, recipient.email)) {
      recipient.skipped = true;
      inactive.add(recipient.email.toLowerCase());
    }
  const addresses = [...inactive].join(", ");
  if (draft.recipients.every((r) => r.skipped)) return { kind: "inactive", addresses };
  const message = accept(world, draft, call.effects.marks(draft));
  const delayed = call.effects.delayedAnswer || (message.heldBy !== null && world.settings.pausedAnswer === "delayed");
  if (delayed) {
    const text = "Message accepted, but delivery may be delayed.";
    const { ErrorCode: _absent, ...body } = accepted(world, draft, { MessageID: message.id, Message: text });
    return { kind: "accepted", body };
  }
  if (inactive.size === 0)
    return { kind: "accepted", body: accepted(world, draft, { MessageID: message.id, Message: "OK" }) };
  const text = `Message OK, but will not deliver to these inactive addresses: ${addresses}.`;
  const body = accepted(world, draft, { MessageID: message.id, Message: text });
  if (world.settings.partialInactive === "ok200") return { kind: "accepted", body };
  return { kind: "refused", code: 406, message: text, body: { MessageID: message.id } };
}

/** To, Cc and Bcc are repeated as given, and only if given. */
function accepted(world: WorldState, draft: Draft, more: { MessageID: string; Message: string }): Item {
  return {
    ...(draft.to === undefined ? {} : { To: draft.to }),
    ...(draft.cc === undefined ? {} : { Cc: draft.cc }),
    ...(draft.bcc === undefined ? {} : { Bcc: draft.bcc }),
    SubmittedAt: easternStamp(world.clock.nowMs()),
    MessageID: more.MessageID,
    ErrorCode: 0,
    Message: more.Message,
  };
}
