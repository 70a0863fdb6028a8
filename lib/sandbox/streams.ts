import "server-only";
import { type Answer, json, refuse } from "./answer";
import type { Call } from "./call";
import { type Stream, type StreamType, touch, type WorldState } from "./state";
import { easternSeconds, easternStamp } from "./time";
import { isObject, wrongTypesText } from "./validate";

const defaults = ["outbound", "inbound"];
const reserved = ["all", "none"];
const purgeAfterMs = 45 * 86_400_000;
const streamsMax = 10;

/** The three streams that every new server has. */
export function defaultStreams(nowMs: number): Stream[] {
  const stream = (id: string, name: string, type: StreamType, unsubscribe: Stream["unsubscribe"]): Stream => ({
    ...blank(nowMs),
    id,
    name,
    type,
    unsubscribe,
    description: "Created with the server",
  });
  return [
    stream("outbound", "Default Transactional Stream", "Transactional", "None"),
    stream("inbound", "Default Inbound Stream", "Inbound", "None"),
    stream("broadcast", "Default Broadcast Stream", "Broadcasts", "Postmark"),
  ];
}

/** What a stream starts with. */
export const blank = (nowMs: number) => ({
  description: null,
  createdAtMs: nowMs,
  updatedAtMs: null,
  archivedAtMs: null,
  purgeAtMs: null,
});

/** The stream, or Postmark's refusal 1226. */
export function findStream(world: WorldState, id: string | undefined): Stream | undefined {
  return world.streams.find((s) => s.id === (id ?? "").toLowerCase());
}
export const unknownStream = (): Answer => refuse(1226, "The message stream for the provided 'ID' was not found.");

/** `GET /message-streams` */
export function listStreams(world: WorldState, call: Call): Answer {
  const type = (call.query.get("messagestreamtype") ?? "All").toLowerCase();
  if (!["all", "inbound", "transactional", "broadcasts"].includes(type))
    return refuse(1221, "Sandbox text: MessageStreamType must be All, Inbound, Transactional or Broadcasts.");
  const archived = (call.query.get("includearchivedstreams") ?? "").toLowerCase() === "true";
  const found = world.streams.filter(
    (s) => (type === "all" || s.type.toLowerCase() === type) && (archived || s.archivedAtMs === null),
  );
  return json({ MessageStreams: found.map((s) => shown(world, s)), TotalCount: found.length });
}

/** `GET /message-streams/{id}` */
export function getStream(world: WorldState, call: Call): Answer {
  const stream = findStream(world, call.params[0]);
  return stream ? json(shown(world, stream)) : unknownStream();
}

/** `POST /message-streams` */
export function createStream(world: WorldState, call: Call): Answer {
  const input = readStream(call.json);
  if ("refusal" in input) return input.refusal;
  const refusal = checkNewStream(world, input);
  if (refusal) return refusal;
  const type: StreamType = input.type === "Broadcasts" ? "Broadcasts" : "Transactional";
  const stream: Stream = {
    ...blank(world.clock.nowMs()),
    id: input.id ?? "",
    name: input.name ?? "",
    description: input.description ?? null,
    type,
    unsubscribe: input.unsubscribe ?? (type === "Broadcasts" ? "Postmark" : "None"),
  };
  world.streams.push(stream);
  touch(world);
  const { ExpectedPurgeDate: _absent, ...answer } = shown(world, stream);
  return json(answer);
}

/** `PATCH /message-streams/{id}` */
export function editStream(world: WorldState, call: Call): Answer {
  const stream = findStream(world, call.params[0]);
  if (!stream) return unknownStream();
  const input = readStream(call.json);
  if ("refusal" in input) return input.refusal;
  const refusal = checkTexts(input) ?? checkHandling(input, stream.type);
  if (refusal) return refusal;
  stream.name = input.name ?? stream.name;
  stream.description = input.description ?? stream.description;
  stream.unsubscribe = input.unsubscribe ?? stream.unsubscribe;
  stream.updatedAtMs = world.clock.nowMs();
  touch(world);
  return json(shown(world, stream));
}

/** `POST /message-streams/{id}/archive`: sending ends at once, purged 45 days later. */
export function archiveStream(world: WorldState, call: Call): Answer {
  const stream = findStream(world, call.params[0]);
  if (!stream) return unknownStream();
  if (defaults.includes(stream.id))
    return refuse(1229, "Sandbox text: the default transactional and inbound streams cannot be archived.");
  stream.archivedAtMs ??= world.clock.nowMs();
  stream.purgeAtMs ??= stream.archivedAtMs + purgeAfterMs;
  touch(world);
  return json({ ID: stream.id, ServerID: world.server.id, ExpectedPurgeDate: easternSeconds(stream.purgeAtMs) });
}

/** `POST /message-streams/{id}/unarchive` */
export function unarchiveStream(world: WorldState, call: Call): Answer {
  const stream = findStream(world, call.params[0]);
  if (!stream) return unknownStream();
  if (stream.purgeAtMs !== null && stream.purgeAtMs < world.clock.nowMs())
    return refuse(1232, "Sandbox text: this stream can no longer be unarchived.");
  stream.archivedAtMs = null;
  stream.purgeAtMs = null;
  stream.updatedAtMs = world.clock.nowMs();
  touch(world);
  return json(shown(world, stream));
}

type Input = {
  id?: string;
  name?: string;
  description?: string;
  type?: string;
  unsubscribe?: Stream["unsubscribe"];
};

function readStream(body: unknown): Input | { refusal: Answer } {
  if (!isObject(body)) return { refusal: refuse(403, wrongTypesText(["ID"])) };
  const wrong = ["ID", "Name", "Description", "MessageStreamType"].filter((key) => {
    const value = body[key];
    return value !== undefined && value !== null && typeof value !== "string";
  });
  const management = body.SubscriptionManagementConfiguration;
  if (management !== undefined && management !== null && !isObject(management))
    wrong.push("SubscriptionManagementConfiguration");
  if (wrong.length > 0) return { refusal: refuse(403, wrongTypesText(wrong)) };
  const text = (key: string) => (typeof body[key] === "string" ? String(body[key]) : undefined);
  const asked = isObject(management) ? management.UnsubscribeHandlingType : undefined;
  const handling = (["None", "Postmark", "Custom"] as const).find(
    (h) => h.toLowerCase() === String(asked).toLowerCase(),
  );
  if (asked !== undefined && !handling)
    return { refusal: refuse(1240, "Sandbox text: UnsubscribeHandlingType must be None, Postmark or Custom.") };
  return {
    id: text("ID"),
    name: text("Name"),
    description: text("Description"),
    type: text("MessageStreamType"),
    unsubscribe: handling,
  };
}

function checkNewStream(world: WorldState, input: Input): Answer | null {
  const { id, name, type } = input;
  const no = (code: number, why: string) => refuse(code, `Sandbox text: ${why}`);
  if (!id) return no(1222, "ID is missing.");
  if (!name) return no(1223, "Name is missing.");
  if (type === "Inbound") return no(1228, "a server has one inbound stream only.");
  if (type !== "Transactional" && type !== "Broadcasts")
    return no(1221, "MessageStreamType must be Transactional or Broadcasts.");
  if (id.startsWith("pm-")) return no(1233, "the prefix pm- is reserved.");
  if (!/^[a-z][a-z0-9_-]{0,29}$/.test(id))
    return no(1227, "ID starts with a letter and has at most 30 lower-case letters, digits, - and _.");
  if (reserved.includes(id)) return no(1237, "this ID is reserved.");
  if (findStream(world, id)) return no(1230, "that stream ID already exists on this server.");
  if (world.streams.length >= streamsMax) return no(1225, `a server has at most ${streamsMax} streams.`);
  return checkTexts(input) ?? checkHandling(input, type);
}

function checkTexts(input: Input): Answer | null {
  if ((input.name?.length ?? 0) > 100) return refuse(1224, "Sandbox text: Name is longer than 100 characters.");
  if ((input.description?.length ?? 0) > 1000)
    return refuse(1231, "Sandbox text: Description is longer than 1000 characters.");
  if (/<[a-z/]/i.test(input.description ?? "")) return refuse(1234, "Sandbox text: Description may not hold HTML.");
  return null;
}

function checkHandling(input: Input, type: StreamType): Answer | null {
  if (input.unsubscribe === "Custom") return refuse(1238, "Sandbox text: custom unsubscribe handling needs approval.");
  if (input.unsubscribe === "None" && type === "Broadcasts")
    return refuse(1239, "Sandbox text: a broadcast stream needs unsubscribe handling.");
  return null;
}

function shown(world: WorldState, stream: Stream) {
  return {
    ID: stream.id,
    ServerID: world.server.id,
    Name: stream.name,
    Description: stream.description,
    MessageStreamType: stream.type,
    CreatedAt: easternStamp(stream.createdAtMs),
    UpdatedAt: stream.updatedAtMs === null ? null : easternSeconds(stream.updatedAtMs),
    ArchivedAt: stream.archivedAtMs === null ? null : easternSeconds(stream.archivedAtMs),
    ExpectedPurgeDate: stream.purgeAtMs === null ? null : easternSeconds(stream.purgeAtMs),
    SubscriptionManagementConfiguration: { UnsubscribeHandlingType: stream.unsubscribe },
  };
}
