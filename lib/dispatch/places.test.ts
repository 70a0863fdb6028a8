import { expect, test } from "vitest";
import { callsPerConnection, callsPerWorkspace, slowAfterMs } from "./limits";
import { type Place, Places } from "./places";

const lane = (workspaceId: string, connectionId: string, stream = "broadcast") => ({
  key: `${workspaceId} ${connectionId} ${stream}`,
  lane: { workspaceId, connectionId, stream },
  slow: false,
});
const fill = (places: Places, count: number, nowMs: number, slow = false) =>
  Array.from({ length: count }, (_, n) => places.take({ ...lane(`w${n}`, `c${n}`), slow }, nowMs)).filter(
    (place): place is Place => place !== null,
  );

test("connections that hang, however many, leave the places of those who answer free after a moment", () => {
  const places = new Places({ usual: 24, slow: 24 });
  expect(fill(places, 100, 0)).toHaveLength(24);
  expect(places.take(lane("quick", "quick"), slowAfterMs)).toBeNull();
  expect(places.take(lane("quick", "quick"), slowAfterMs + 1)).not.toBeNull();
});

test("who was silent last time uses the places of the silent, and only one each", () => {
  const places = new Places({ usual: 24, slow: 4 });
  expect(fill(places, 100, 0, true)).toHaveLength(4);
  expect(places.take({ ...lane("w0", "c0"), slow: true }, 0)).toBeNull();
  expect(fill(places, 100, 0)).toHaveLength(24);
});

test("a lane works twice at once while it answers, and once while a call of it waits", () => {
  const places = new Places();
  expect(places.take(lane("w", "c"), 0)).not.toBeNull();
  expect(places.take(lane("w", "c"), 1)).not.toBeNull();
  expect(places.take(lane("w", "c"), 2)).toBeNull();
  const waiting = new Places();
  waiting.take(lane("w", "c"), 0);
  expect(waiting.take(lane("w", "c"), slowAfterMs + 1)).toBeNull();
});

test("one connection, and one workspace, leave room for others", () => {
  const places = new Places();
  const streams = Array.from({ length: 9 }, (_, n) => places.take(lane("w", "c", `s${n}`), 0));
  expect(streams.filter((place) => place !== null)).toHaveLength(callsPerConnection);
  const connections = Array.from({ length: 30 }, (_, n) => places.take(lane("w", `c${n}`), 0));
  expect(connections.filter((place) => place !== null)).toHaveLength(callsPerWorkspace - callsPerConnection);
  expect(places.take(lane("other", "c"), 0)).not.toBeNull();
});

test("one workspace whose connections are all silent leaves room for others who are", () => {
  const places = new Places();
  const slow = (workspaceId: string, n: number) =>
    places.take({ ...lane(workspaceId, `c${n % 8}`, `s${n}`), slow: true }, 0);
  const taken = Array.from({ length: 30 }, (_, n) => slow("w", n)).filter((place) => place !== null);
  expect(taken).toHaveLength(callsPerWorkspace);
  expect(slow("other", 0)).not.toBeNull();
});

test("what is given back is free", () => {
  const places = new Places({ usual: 1, slow: 1 });
  const place = places.take(lane("w", "c"), 0);
  expect(places.take(lane("v", "d"), 0)).toBeNull();
  if (place) places.giveBack(place);
  expect(places.take(lane("v", "d"), 0)).not.toBeNull();
});
