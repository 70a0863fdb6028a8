import "server-only";
import { type Answer, json, refuse } from "./answer";
import { bounceTypes } from "./bounce-types";
import { type Call, readPage } from "./call";
import { bounceRecord } from "./payloads";
import { bounceSource } from "./render";
import { type Bounce, touch, type WorldState } from "./state";
import { findStream, unknownStream } from "./streams";
import { liftSuppression } from "./suppression-list";
import { parseEastern } from "./time";

const dumpKeptMs = 30 * 86_400_000;

/** `GET /deliverystats` */
export function deliveryStats(world: WorldState): Answer {
  const counts = new Map<string, number>();
  for (const bounce of world.bounces) counts.set(bounce.type, (counts.get(bounce.type) ?? 0) + 1);
  const rows = [...counts].map(([Type, Count]) => ({ Name: bounceTypes[Type]?.name ?? Type, Count, Type }));
  const inactive = new Set(world.bounces.filter((b) => b.inactive).map((b) => b.email.toLowerCase()));
  return json({ InactiveMails: inactive.size, Bounces: [{ Name: "All", Count: world.bounces.length }, ...rows] });
}

/** `GET /bounces`: of the stream `outbound` unless another is named. */
export function listBounces(world: WorldState, call: Call): Answer {
  const page = readPage(call, { code: 1000, countMax: 500, sumMax: 10_000 });
  if ("refusal" in page) return page.refusal;
  const stream = findStream(world, call.query.get("messagestream") ?? "outbound");
  if (!stream) return unknownStream();
  const type = call.query.get("type");
  if (type && !Object.keys(bounceTypes).some((t) => t.toLowerCase() === type.toLowerCase()))
    return refuse(1000, "Sandbox text: unknown bounce type.");
  const found = world.bounces.filter((b) => b.stream === stream.id && matches(b, call)).reverse();
  const shown = found.slice(page.offset, page.offset + page.count);
  return json({ TotalCount: found.length, Bounces: shown.map((b) => bounceRecord(world, b)) });
}

/** `GET /bounces/{id}` */
export function getBounce(world: WorldState, call: Call): Answer {
  const bounce = findBounce(world, call);
  return bounce ? json({ ...bounceRecord(world, bounce), Content: dump(world, bounce) }) : notFound();
}

/** `GET /bounces/{id}/dump`: empty after 30 days. */
export function dumpBounce(world: WorldState, call: Call): Answer {
  const bounce = findBounce(world, call);
  return bounce ? json({ Body: dump(world, bounce) }) : notFound();
}

/** `PUT /bounces/{id}/activate`: lifts the suppression on the bounce's stream. */
export function activateBounce(world: WorldState, call: Call): Answer {
  const bounce = findBounce(world, call);
  if (!bounce) return notFound();
  if (!bounce.canActivate) return refuse(1003, "Sandbox text: this kind of bounce cannot be reactivated.");
  liftSuppression(world, bounce.stream, bounce.email, 0);
  bounce.inactive = false;
  touch(world);
  return json({ Message: "OK", Bounce: { ...bounceRecord(world, bounce), Content: "" } });
}

const notFound = () => refuse(1001, "Sandbox text: bounce not found.");

function findBounce(world: WorldState, call: Call): Bounce | undefined {
  return world.bounces.find((b) => String(b.id) === call.params[0]);
}

function dump(world: WorldState, bounce: Bounce): string {
  return world.clock.nowMs() - bounce.atMs > dumpKeptMs ? "" : bounceSource(bounce);
}

function matches(bounce: Bounce, call: Call): boolean {
  const wanted = (key: string) => call.query.get(key);
  const same = (key: string, value: string | null) =>
    !wanted(key) || wanted(key)?.toLowerCase() === (value ?? "").toLowerCase();
  const from = parseEastern(wanted("fromdate") ?? "", "from") ?? 0;
  const to = parseEastern(wanted("todate") ?? "", "to") ?? Number.POSITIVE_INFINITY;
  return (
    same("type", bounce.type) &&
    same("inactive", String(bounce.inactive)) &&
    same("tag", bounce.tag) &&
    same("messageid", bounce.messageId) &&
    bounce.email.toLowerCase().includes((wanted("emailfilter") ?? "").toLowerCase()) &&
    bounce.atMs >= from &&
    bounce.atMs <= to
  );
}
