import dns from "node:dns";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { ForbiddenTarget, postPublic, targetOf } from "./public-post";

describe("a URL", () => {
  const options = { allowPrivate: false, timeoutMs: 1_000 };
  test.each([
    "http://8.8.8.8/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://localhost/",
  ])("%s is never called", (url) => expect(targetOf(url, options)).rejects.toBeInstanceOf(ForbiddenTarget));

  test("with a public address is, at that address", async () => {
    expect(await targetOf("https://8.8.8.8:8443/x", options)).toMatchObject({ address: "8.8.8.8", family: 4 });
  });

  test("may be private where the operator allows it", async () => {
    expect(await targetOf("http://127.0.0.1/", { ...options, allowPrivate: true })).toMatchObject({
      address: "127.0.0.1",
    });
  });
});

test("a call goes to the address that was checked: its name is not looked up again, though it is told to the server", async () => {
  const server = createServer((_request, response) => response.end()).listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const again = vi.spyOn(dns, "lookup");
  const heard = once(server, "request");
  const url = `http://localhost:${port}/hook`;
  expect(await postPublic(url, { allowPrivate: true, timeoutMs: 5_000, body: "{}", headers: {} })).toBe(200);
  server.close();
  expect((await heard)[0].headers.host).toBe(`localhost:${port}`);
  expect(again).not.toHaveBeenCalled();
});
