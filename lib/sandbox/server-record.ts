import "server-only";
import * as z from "zod";
import { type Answer, json, refuse } from "./answer";
import { type Call, readPage } from "./call";
import { touch, type WorldState } from "./state";
import { wrongTypesText } from "./validate";

const colors = ["purple", "blue", "turquoise", "green", "red", "orange", "yellow", "grey"] as const;

/** `GET /server`: its tokens included, as Postmark does. */
export function getServer(world: WorldState): Answer {
  return json(shown(world));
}

const edit = z.object({
  Name: z.string().min(1).optional(),
  Color: z
    .string()
    .transform((c) => c.toLowerCase())
    .pipe(z.enum(colors))
    .optional(),
  TrackOpens: z.boolean().optional(),
  TrackLinks: z.enum(["None", "HtmlAndText", "HtmlOnly", "TextOnly"]).optional(),
  IncludeBounceContentInHook: z.boolean().optional(),
  EnableSmtpApiErrorHooks: z.boolean().optional(),
  PostFirstOpenOnly: z.boolean().optional(),
});

/** `PUT /server`: the keys that are given. */
export function editServer(world: WorldState, call: Call): Answer {
  const input = edit.safeParse(call.json);
  if (!input.success)
    return refuse(403, wrongTypesText([...new Set(input.error.issues.map((i) => String(i.path[0] ?? "Name")))]));
  const { server } = world;
  const given = input.data;
  server.name = given.Name ?? server.name;
  server.color = given.Color ?? server.color;
  server.trackOpens = given.TrackOpens ?? server.trackOpens;
  server.trackLinks = given.TrackLinks ?? server.trackLinks;
  server.includeBounceContentInHook = given.IncludeBounceContentInHook ?? server.includeBounceContentInHook;
  server.enableSmtpApiErrorHooks = given.EnableSmtpApiErrorHooks ?? server.enableSmtpApiErrorHooks;
  server.postFirstOpenOnly = given.PostFirstOpenOnly ?? server.postFirstOpenOnly;
  touch(world);
  return json(shown(world));
}

/** `GET /servers` with the account token: this world's server and its siblings. */
export function listServers(world: WorldState, call: Call): Answer {
  const page = readPage(call, { code: 600, countMax: 500, sumMax: Number.MAX_SAFE_INTEGER });
  if ("refusal" in page) return page.refusal;
  const name = (call.query.get("name") ?? "").toLowerCase();
  const found = [world, ...world.siblings].filter((w) => w.server.name.toLowerCase().includes(name));
  const Servers = found.slice(page.offset, page.offset + page.count).map(shown);
  return json({ TotalCount: found.length, Servers });
}

/** `GET /servers/{id}` */
export function getServerById(world: WorldState, call: Call): Answer {
  const found = [world, ...world.siblings].find((w) => String(w.server.id) === call.params[0]);
  return found ? json(shown(found)) : refuse(615, "Sandbox text: no such server.");
}

function shown(world: WorldState) {
  const { server } = world;
  const inbound = world.server.id.toString(16).padStart(32, "0");
  return {
    ID: server.id,
    Name: server.name,
    ApiTokens: world.serverTokens,
    ServerLink: `https://postmarkapp.com/servers/${server.id}/streams`,
    Color: server.color,
    SmtpApiActivated: server.smtpApiActivated ?? true,
    RawEmailEnabled: false,
    DeliveryType: server.deliveryType,
    InboundAddress: `${inbound}@inbound.postmarkapp.com`,
    InboundHookUrl: "",
    BounceHookUrl: "",
    OpenHookUrl: "",
    DeliveryHookUrl: "",
    PostFirstOpenOnly: server.postFirstOpenOnly,
    InboundDomain: "",
    InboundHash: inbound,
    InboundSpamThreshold: 0,
    TrackOpens: server.trackOpens,
    TrackLinks: server.trackLinks,
    IncludeBounceContentInHook: server.includeBounceContentInHook,
    ClickHookUrl: "",
    EnableSmtpApiErrorHooks: server.enableSmtpApiErrorHooks,
  };
}
