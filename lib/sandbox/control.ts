import "server-only";
import { timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { serverChange, streamChange, webhookChange } from "./alter";
import { type Answer, json } from "./answer";
import { faultRule } from "./fault-rule";
import { Impossible } from "./happenings";
import { messageAction, newStream, newSuppression, newWebhook, settingsPatch } from "./schema";
import type { World } from "./world";
import type { Worlds } from "./worlds";

type Command = { worlds: Worlds; world: World; body: unknown; id: string };
type ControlRoute = { method: string; pattern: RegExp; run: (command: Command) => unknown | Promise<unknown> };

const done = { ok: true };
const row = (method: string, path: string, run: ControlRoute["run"]): ControlRoute => ({
  method,
  pattern: new RegExp(`^${path.replace(":id", "([^/]+)")}$`),
  run,
});

/** The control plane below `/__emu`: ours, without counterpart at Postmark. Each route is one call of a world's handle. */
const routes: ControlRoute[] = [
  row("GET", "/worlds", ({ worlds }) => worlds.handles().map(describe)),
  row("POST", "/worlds", ({ worlds, body }) => describe(worlds.open(z.object({ name: z.string() }).parse(body).name))),
  row("DELETE", "/worlds/:id", ({ worlds, id }) => ({ ok: worlds.remove(id) })),
  row("GET", "/world", ({ world }) => describe(world)),
  row("POST", "/servers", ({ world, body }) =>
    describe(world.addServer(z.object({ name: z.string().optional() }).parse(body ?? {}).name)),
  ),
  row("GET", "/faults", ({ world }) => world.faults()),
  row("POST", "/faults", ({ world, body }) => {
    const rules = z.union([z.array(faultRule), faultRule.transform((rule) => [rule])]).parse(body);
    const ids = new Set(rules.map((rule) => world.addFault(rule).id));
    return world.faults().filter((f) => ids.has(f.id));
  }),
  row("DELETE", "/faults", ({ world }) => {
    world.clearFaults();
    return done;
  }),
  row("GET", "/settings", ({ world }) => world.settings()),
  row("POST", "/settings", ({ world, body }) => world.settings(settingsPatch.parse(body))),
  row("PATCH", "/settings", ({ world, body }) => world.settings(settingsPatch.parse(body))),
  row("GET", "/outbox", ({ world }) => world.outbox()),
  row("GET", "/outbox/:id", ({ world, id }) => {
    const message = world.message(id);
    return message ? { ...message, stored: world.stored(id) } : undefined;
  }),
  row("GET", "/accepted/:id", ({ world, id }) => world.accepted(z.coerce.number().int().min(0).parse(id))),
  row("POST", "/messages/:id/events", ({ world, body, id }) => {
    const { type, ...data } = messageAction.parse(body);
    world.act(id, type, data);
    return world.message(id);
  }),
  row("GET", "/hooks", ({ world }) => world.hooks()),
  row("POST", "/hooks/replay", ({ world, body }) => ({
    ok: world.replayHook(z.object({ eventId: z.string() }).parse(body).eventId),
  })),
  row("GET", "/requests", ({ world }) => world.requests()),
  row("GET", "/suppressions/:id", ({ world, id }) => world.suppressions(id)),
  row("POST", "/suppressions", ({ world, body }) => {
    world.addSuppression(newSuppression.parse(body));
    return done;
  }),
  row("POST", "/tokens", ({ world, body }) => ({
    token: world.addServerToken(z.object({ token: z.string().min(1).optional() }).parse(body ?? {}).token),
  })),
  row("POST", "/tokens/revoke", ({ world, body }) => {
    world.revokeToken(z.object({ token: z.string() }).parse(body).token);
    return done;
  }),
  row("POST", "/streams", ({ world, body }) => {
    world.addStream(newStream.parse(body));
    return done;
  }),
  row("PATCH", "/server", ({ world, body }) => {
    world.alterServer(serverChange.parse(body));
    return done;
  }),
  row("PATCH", "/streams/:id", ({ world, body, id }) => {
    world.alterStream(id, streamChange.parse(body));
    return done;
  }),
  row("PATCH", "/webhooks/:id", ({ world, body, id }) => {
    world.alterWebhook(z.coerce.number().int().parse(id), webhookChange.parse(body));
    return done;
  }),
  row("GET", "/webhooks", ({ world }) => world.webhooks()),
  row("POST", "/webhooks", ({ world, body }) => ({ id: world.registerWebhook(newWebhook.parse(body)) })),
  row("POST", "/clock", async ({ world, body }) => {
    await world.advance(z.object({ advanceMs: z.number().int().min(0) }).parse(body).advanceMs);
    return done;
  }),
];

/** Answers one control call; `path` is below `/__emu`. The key is checked first, so that without it nothing shows. */
export async function serveControl(
  call: {
    method: string;
    path: string;
    authorization: string | undefined;
    body: Buffer;
    worldName: string | undefined;
  },
  worlds: Worlds,
  controlKey: string,
): Promise<Answer> {
  if (!isKey(call.authorization, controlKey)) return json({ error: "The control plane needs its bearer key." }, 401);
  const path = call.path.replace(/\/$/, "");
  const known = routes.filter((r) => r.pattern.test(path));
  const route = known.find((r) => r.method === call.method);
  if (!route) return json({ error: "No such control call." }, known.length > 0 ? 405 : 404);
  try {
    const body: unknown = call.body.length === 0 ? undefined : JSON.parse(call.body.toString("utf8"));
    const id = decodeURIComponent(route.pattern.exec(path)?.[1] ?? "");
    // The one place where naming a world makes it.
    const answer = await route.run({ worlds, world: worlds.open(call.worldName), body, id });
    return answer === undefined ? json({ error: "Not found." }, 404) : json(answer);
  } catch (error) {
    if (error instanceof z.ZodError) return json({ error: z.prettifyError(error) }, 400);
    if (error instanceof SyntaxError) return json({ error: "The body is not JSON." }, 400);
    if (error instanceof Impossible) return json({ error: error.message }, 409);
    throw error;
  }
}

function isKey(authorization: string | undefined, controlKey: string): boolean {
  const given = Buffer.from(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
  const wanted = Buffer.from(controlKey);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function describe(world: World) {
  const { name, apiUrl, outboxUrl, serverToken, accountToken, server } = world;
  return { name, apiUrl, outboxUrl, serverToken, accountToken, server };
}
