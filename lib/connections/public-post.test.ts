import { describe, expect, test } from "vitest";
import { ForbiddenTarget, isPublicAddress, targetOf } from "./public-post";

describe("an address", () => {
  test.each(["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "2606:4700::1111", "2a00:1450::1"])(
    "%s is public",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  test.each([
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.19.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2001::1",
    "localhost",
    "",
  ])("%s is not", (address) => expect(isPublicAddress(address)).toBe(false));
});

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
