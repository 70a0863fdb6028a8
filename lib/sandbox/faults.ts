import "server-only";
import { parseAddresses } from "./addresses";
import type { SendEffects } from "./call";
import { seededChance } from "./chance";
import { type FaultRule, matchesGlob, sendActions } from "./fault-rule";
import { release } from "./lifecycle";
import { type Fault, touch, type WorldState } from "./state";
import { isObject } from "./validate";

/** What matchers look at. */
export type FaultTarget = {
  method: string;
  path: string;
  token: string | undefined;
  isSend: boolean;
  /** Stream of a call that is not a send. */
  stream: string | undefined;
  body: Buffer;
};
type Letter = { stream: string; recipients: { email: string }[]; metadata: Record<string, string> };

export function addFault(world: WorldState, rule: FaultRule): Fault {
  world.counters.fault += 1;
  const id = `fault-${world.counters.fault}`;
  const fault: Fault = {
    id,
    rule,
    addedAtMs: world.clock.nowMs(),
    matched: 0,
    fired: 0,
    followed: 0,
    // A source of its own, so that rules do not disturb each other or the ids.
    chance: seededChance(`${world.seed}:${world.name}:${id}`),
  };
  world.faults.push(fault);
  return fault;
}

/** Takes rules away (all, or one) and lets go of the messages they held. */
export function removeFaults(world: WorldState, id?: string): number {
  const gone = world.faults.filter((f) => id === undefined || f.id === id);
  world.faults = world.faults.filter((f) => !gone.includes(f));
  release(world, new Set(gone.map((f) => f.id)));
  touch(world);
  return gone.length;
}

/** The first rule that matches and is willing. Counts matches and firings. */
export function chooseFault(world: WorldState, faults: Fault[], target: FaultTarget): Fault | undefined {
  const letters = lazily(() => lettersOf(target));
  return faults.find((fault) => {
    if (!matches(fault.rule, target, letters) || !isOpen(fault, world.clock.nowMs())) return false;
    fault.matched += 1;
    const { nth, count, probability } = fault.rule;
    if (nth !== undefined && fault.matched !== nth) return false;
    if (count !== undefined && fault.fired >= count) return false;
    if (probability !== undefined && fault.chance.next() >= probability) return false;
    fault.fired += 1;
    return true;
  });
}

/** What the rule does to the single messages that it meets. */
export function effectsOf(fault: Fault): SendEffects {
  const { rule } = fault;
  const held = rule.action === "pauseStream" || rule.action === "pauseAccount" ? fault.id : null;
  const lag = rule.action === "neverIndexed" ? "never" : rule.action === "indexLag" ? (rule.ms ?? 60_000) : null;
  return {
    itemsMax: rule.action === "partialBatch" ? (rule.items ?? 1) : null,
    delayedAnswer: rule.action === "delayedAccept",
    marks: (letter) =>
      matchesLetter(rule, letter) ? { indexLag: lag, heldBy: held } : { indexLag: null, heldBy: null },
  };
}

function matches(rule: FaultRule, target: FaultTarget, letters: () => Letter[]): boolean {
  if (rule.method && rule.method.toUpperCase() !== target.method) return false;
  if (rule.path && !matchesGlob(rule.path, target.path)) return false;
  if (!rule.path && sendActions.has(rule.action) && !target.isSend) return false;
  if (rule.token && rule.token.toLowerCase() !== target.token?.toLowerCase()) return false;
  if (!target.isSend) return !rule.recipient && !rule.metadata && (!rule.stream || rule.stream === target.stream);
  if (!rule.stream && !rule.recipient && !rule.metadata) return true;
  return letters().some((letter) => matchesLetter(rule, letter));
}

function matchesLetter(rule: FaultRule, letter: Letter): boolean {
  const { stream, recipient, metadata } = rule;
  if (stream && letter.stream !== stream) return false;
  if (recipient && !letter.recipients.some((r) => matchesGlob(recipient, r.email))) return false;
  return !metadata || matchesGlob(metadata.value, letter.metadata[metadata.key] ?? "");
}

function isOpen(fault: Fault, nowMs: number): boolean {
  const ageMs = nowMs - fault.addedAtMs;
  return ageMs >= (fault.rule.afterMs ?? 0) && ageMs <= (fault.rule.untilMs ?? Number.POSITIVE_INFINITY);
}

/** The messages of a send, read leniently: a body that will be refused has none. */
function lettersOf(target: FaultTarget): Letter[] {
  let body: unknown;
  try {
    body = JSON.parse(target.body.toString("utf8"));
  } catch {
    // Not JSON: the pipeline answers 402, and no matcher on messages applies.
    return [];
  }
  return (Array.isArray(body) ? body : [body]).filter(isObject).map((item) => ({
    stream: typeof item.MessageStream === "string" && item.MessageStream ? item.MessageStream : "outbound",
    recipients: ["To", "Cc", "Bcc"].flatMap((field) => {
      const list = typeof item[field] === "string" ? parseAddresses(String(item[field])) : [];
      return "bad" in list ? [] : list;
    }),
    metadata: isObject(item.Metadata)
      ? Object.fromEntries(Object.entries(item.Metadata).map(([k, v]) => [k, String(v)]))
      : {},
  }));
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
