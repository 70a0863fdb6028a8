import "server-only";
import { domainOf } from "./addresses";
import { happen, Impossible } from "./happenings";
import type { MessageAction } from "./schema";
import { type Draft, type Message, type Recipient, touch, type WorldState } from "./state";

export type AcceptMarks = {
  indexLag: Message["indexLag"];
  /** Rule that holds the message back. */
  heldBy: string | null;
};

/** Stores an accepted message and plans its life. It is in the outbox before the caller hears of it. */
export function accept(world: WorldState, draft: Draft, marks: AcceptMarks): Message {
  const { settings, server } = world;
  const message: Message = {
    ...draft,
    id: world.chance.guid(),
    acceptedAtMs: world.clock.nowMs(),
    status: "Queued",
    // The server's "on" cannot be switched off by a message; its link tracking can.
    trackOpens: draft.trackOpens || server.trackOpens,
    trackLinks: draft.trackLinks ?? server.trackLinks,
    sandboxed: server.deliveryType === "Sandbox",
    events: [],
    heldBy: holder(world, draft.stream) ?? marks.heldBy,
    indexLag: marks.indexLag,
  };
  fileMessage(world, message);
  touch(world);
  if (message.heldBy === null) plan(world, message, settings.processAfterMs);
  return message;
}

/** Enters a message into the world's indexes; also when a snapshot comes back. */
export function fileMessage(world: WorldState, message: Message): void {
  world.messages.set(message.id, message);
  for (const [key, value] of Object.entries(message.metadata)) {
    const index = metadataIndex(key, value);
    const found = world.byMetadata.get(index);
    if (found) found.push(message);
    else world.byMetadata.set(index, [message]);
  }
}

export const metadataIndex = (key: string, value: string) => `${key.toLowerCase()}=${value}`;

/** Lets go of what account, stream or the given rules no longer hold. */
export function release(world: WorldState, ruleIds: ReadonlySet<string>): void {
  for (const message of world.messages.values()) {
    const { heldBy } = message;
    if (heldBy === null || (!heldBy.startsWith("pause:") && !ruleIds.has(heldBy))) continue;
    message.heldBy = holder(world, message.stream);
    if (message.heldBy === null) plan(world, message, world.settings.processAfterMs);
  }
  touch(world);
}

/** Plans what is still to happen to a message: after acceptance, after a pause, after a restart. */
export function plan(world: WorldState, message: Message, processAfterMs: number): void {
  if (message.recipients.every((r) => exampleName(world, r) === "never")) return;
  world.clock.after(processAfterMs, () => {
    message.status = "Sent";
    touch(world);
  });
  const reachAfterMs = Math.max(processAfterMs, world.settings.deliverAfterMs);
  for (const recipient of message.recipients)
    if (!recipient.skipped && exampleName(world, recipient) !== "never")
      world.clock.after(reachAfterMs, () => reach(world, message, recipient));
}

function holder(world: WorldState, stream: string): string | null {
  if (world.settings.accountPaused) return "pause:account";
  return world.settings.pausedStreams.includes(stream) ? "pause:stream" : null;
}

/** What the sandbox's own example addresses do: `hard+ana@emu.example.com` and its kin. */
const exampleBounces: Record<string, string> = {
  hard: "HardBounce",
  soft: "SoftBounce",
  transient: "Transient",
  slow: "Transient",
};
const exampleReactions: Record<string, MessageAction["type"][]> = {
  slow: ["deliver"],
  open: ["open"],
  click: ["open", "click"],
  complain: ["complaint"],
  unsub: ["unsubscribe"],
};

/** What becomes of the message at one recipient, by the address alone. */
function reach(world: WorldState, message: Message, recipient: Recipient): void {
  const who = { recipient: recipient.email };
  const example = exampleName(world, recipient) ?? "";
  const bounceType = bounceTest(message, recipient) ?? exampleBounces[example];
  happen(world, message, bounceType ? { type: "bounce", bounceType, ...who } : { type: "deliver", ...who });
  for (const [i, type] of (exampleReactions[example] ?? []).entries())
    world.clock.after(world.settings.reactAfterMs * (i + 1), () => attempt(world, message, { type, ...who }));
}

/** An open of an untracked mail simply does not come to pass. */
function attempt(world: WorldState, message: Message, action: MessageAction): void {
  try {
    happen(world, message, action);
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
  }
}

/** Postmark's bounce testing: `<type>@bounce-testing.postmarkapp.com` or the header X-PM-Bounce-Type; in To only. */
function bounceTest(message: Message, recipient: Recipient): string | null {
  if (message.sandboxed || recipient.field !== "To") return null;
  if (domainOf(recipient.email) !== "bounce-testing.postmarkapp.com") return null;
  const header = message.headers.find((h) => h.name.toLowerCase() === "x-pm-bounce-type");
  return header?.value ?? recipient.email.split("@")[0] ?? "HardBounce";
}

/** The sandbox's own example addresses, such as `open+ana@emu.example.com`; Postmark has nothing like them. */
function exampleName(world: WorldState, recipient: Recipient): string | null {
  if (!world.settings.exampleAddresses || domainOf(recipient.email) !== "emu.example.com") return null;
  if (world.server.deliveryType === "Sandbox") return null;
  return /^([a-z]+)\+/i.exec(recipient.email)?.[1]?.toLowerCase() ?? null;
}
