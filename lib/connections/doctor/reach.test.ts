import { expect, test } from "vitest";
import { reachOf } from "./reach";

const real = "https://api.postmarkapp.com";
test.each([
  ["http://localhost:3000", false],
  ["http://127.0.0.1:3000", false],
  ["http://[::1]:3000", false],
  ["https://10.1.2.3", false],
  ["https://172.31.0.1", false],
  ["https://100.64.0.9", false],
  ["https://[fd00::1]", false],
  ["https://nas", false],
  ["https://gflux.local", false],
  ["https://gflux.home.arpa", false],
  ["https://gflux.example.com", true],
  ["https://172.32.0.1", true],
  ["https://203.0.113.9", true],
])("%s can be called by Postmark: %s", (url, reachable) => {
  expect(reachOf(url, real).kind).toBe(reachable ? "reachable" : "local");
});

test("loopback reaches loopback, as with the sandbox, and a private network does not", () => {
  expect(reachOf("http://localhost:3000", "http://127.0.0.1:4010/t/x").kind).toBe("reachable");
  expect(reachOf("http://192.168.0.5", "http://127.0.0.1:4010").kind).toBe("local");
});
