import { expect, test } from "vitest";
import { safeNext } from "./safe-next";

test.each(["/", "/acme/sends?status=bounced&cursor=a%20b", "/invitations/aB3_-x"])("goes on to %s", (path) =>
  expect(safeNext(path)).toBe(path),
);

test.each([
  undefined,
  ["/a", "/b"],
  "",
  "acme",
  "//evil.example",
  "/\\evil.example",
  "https://evil.example",
  "/a\tb",
  "javascript:alert(1)",
])("never to %j", (path) => expect(safeNext(path)).toBe("/"));
