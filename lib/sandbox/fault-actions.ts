import "server-only";
import { type Answer, empty, json, refuse } from "./answer";
import type { FaultRule } from "./fault-rule";
import type { Fault, WorldState } from "./state";
import { reset, type Wire, write, writeAndReset, writeSlowly, writeTruncated } from "./wire";

/**
 * Answers a call under a fault. `run` carries the call out (its state changes are done when it resolves). Gives the answer
 * that left, or null when the caller got none.
 */
export async function perform(
  world: WorldState,
  fault: Fault,
  run: () => Promise<Answer>,
  wire: Wire,
): Promise<Answer | null> {
  const { rule } = fault;
  switch (rule.action) {
    case "latency": {
      if (rule.applyBefore === false) await wait(world, delayMs(fault));
      const answer = await run();
      if (rule.applyBefore !== false) await wait(world, delayMs(fault));
      return sent(wire, answer);
    }
    case "status":
      if (rule.applyBefore) await run();
      return sent(wire, madeUp(rule));
    case "redirect":
      if (rule.applyBefore) await run();
      return sent(wire, {
        status: rule.status ?? 307,
        headers: { Location: rule.location ?? trapUrl(world, fault, wire) },
        body: "",
      });
    case "emptyOk":
      if (rule.applyBefore !== false) await run();
      return sent(wire, { ...json({}), body: "" });
    case "resetBeforeAccept":
      reset(wire);
      return null;
    case "resetAfterAccept":
    case "partialBatch":
      await run();
      reset(wire);
      return null;
    case "hangAfterAccept":
      await run();
      return null;
    case "fewerAnswers":
      return sent(wire, lacking(await run(), rule.items ?? 1));
    case "closeIdle": {
      const answer = await run();
      wire.response.once("finish", () => setImmediate(() => wire.request.socket.destroySoon()));
      return sent(wire, answer);
    }
    case "slowBody":
    case "truncatedBody":
    case "resetInBody":
      return cut(rule, await run(), wire);
    case "delayedAccept":
    case "indexLag":
    case "neverIndexed":
    case "pauseStream":
    case "pauseAccount":
      return sent(wire, await run());
  }
}

/** Below this, a call is carried out as ever, and it is noted that somebody followed. */
export const trap = /^\/redirected\/(fault-\d+)(\/.*)$/;
const trapUrl = (world: WorldState, { id }: Fault, { request }: Wire): string => {
  const { pathname, search } = new URL(request.url ?? "/", "http://sandbox");
  return `${world.baseUrl}/redirected/${id}${pathname.replace(/^\/t\/[^/]+/, "")}${search}`;
};

/** A list of answers without its first ones; what is no list stays. */
function lacking(answer: Answer, count: number): Answer {
  const answers: unknown = JSON.parse(answer.body);
  return Array.isArray(answers) ? { ...answer, body: JSON.stringify(answers.slice(count)) } : answer;
}

async function sent(wire: Wire, answer: Answer): Promise<Answer> {
  await write(wire, answer);
  return answer;
}

async function cut(rule: FaultRule, answer: Answer, wire: Wire): Promise<Answer | null> {
  if (rule.action === "truncatedBody") {
    await writeTruncated(wire, answer, rule.stopAfterBytes);
    return answer;
  }
  if (rule.action === "resetInBody") {
    await writeAndReset(wire, answer, rule.stopAfterBytes);
    return null;
  }
  const stopAfterBytes = rule.stopAfterBytes ?? Number.POSITIVE_INFINITY;
  await writeSlowly(wire, answer, { bytesPerSecond: rule.bytesPerSecond ?? 20, stopAfterBytes });
  return answer;
}

function delayMs(fault: Fault): number {
  const { ms, minMs, maxMs } = fault.rule;
  if (minMs === undefined && maxMs === undefined) return ms ?? 1000;
  const low = minMs ?? 0;
  return low + Math.floor(fault.chance.next() * (Math.max(low, maxMs ?? low) - low + 1));
}

function wait(world: WorldState, forMs: number): Promise<void> {
  return new Promise((resolve) => world.clock.after(forMs, resolve));
}

function madeUp(rule: FaultRule): Answer {
  const answer = rule.preset ? preset(rule.preset) : custom(rule);
  if (rule.retryAfterSeconds !== undefined) answer.headers["Retry-After"] = String(rule.retryAfterSeconds);
  return answer;
}

function preset(name: NonNullable<FaultRule["preset"]>): Answer {
  switch (name) {
    case "429":
      return refuse(429, "Sandbox text: too many requests.", { status: 429 });
    case "500-101":
      return refuse(101, "Sandbox text: unexpected error. Error ID: 5f0c6a4e.", { status: 500 });
    case "503-100":
      return refuse(100, "Sandbox text: offline for maintenance.", { status: 503 });
    case "502-html":
      return html(502);
    case "415":
      return empty(415);
  }
}

function custom(rule: FaultRule): Answer {
  const status = rule.status ?? 500;
  if (rule.bodyKind === "html") return html(status);
  if (rule.bodyKind === "empty") return empty(status);
  return json(rule.json ?? { ErrorCode: status, Message: "Sandbox text: a fault rule made this answer." }, status);
}

function html(status: number): Answer {
  const body = `<html><head><title>${status}</title></head><body><h1>${status}</h1><p>Sandbox text: an edge failure.</p></body></html>`;
  return { status, headers: { "Content-Type": "text/html; charset=utf-8" }, body };
}
