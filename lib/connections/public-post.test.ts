import { describe, expect, test } from "vitest";
import { ForbiddenTarget, targetOf } from "./public-post";

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
