import { expect, test } from "vitest";
import type { Alert } from "@/lib/connections/schema";
import { troublesOf } from "./troubles";

const connection = (id: string, status: "ready" | "failing") => ({ id, display_name: id, status, last_error: null });
const alert = (id: string, kind: string, over: Partial<Alert> = {}): Alert => ({
  id: `${id} ${kind}`,
  connection: { id, display_name: id },
  kind,
  sentence: `${id} ${kind}.`,
  opened_at: "2026-11-22T00:00:00Z",
  closed_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
  figures: {},
  deliveries: [],
  ...over,
});
const titles = (...given: Parameters<typeof troublesOf> extends [infer C, infer A, ...unknown[]] ? [C, A] : never) =>
  troublesOf(...given, "/c").map(({ id }) => id);

test("a failing connection is said once, before its alert and with it, and no more when somebody has acknowledged it", () => {
  expect(titles([connection("a", "failing")], [])).toEqual(["a"]);
  expect(titles([connection("a", "failing")], [alert("a", "failing")])).toEqual(["a"]);
  const known = alert("a", "failing", { acknowledged_at: "2026-11-22T00:01:00Z" });
  expect(titles([connection("a", "failing")], [known])).toEqual([]);
});

test("complaints and bounces are said beside, until they are acknowledged", () => {
  const alerts = [alert("a", "bounces"), alert("a", "complaints", { acknowledged_at: "2026-11-22T00:01:00Z" })];
  expect(titles([connection("a", "failing")], alerts)).toEqual(["a", "a bounces"]);
  expect(titles([connection("b", "ready")], [alert("b", "failing")])).toEqual(["b failing"]);
});
