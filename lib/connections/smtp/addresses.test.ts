import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { privateAddress } from "../addresses";
import { dial } from "./dial";
import { postmarkHost, shownUsername, streamWarning } from "./place";

describe("an address inside the own network is known", () => {
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "not an address",
  ])("%s", (address) => {
    expect(privateAddress(address)).not.toBeNull();
  });

  test.each([
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.0",
    "172.32.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::",
  ])("%s leads to the internet", (address) => {
    expect(privateAddress(address)).toBeNull();
  });
});

describe("where private addresses are not allowed", () => {
  const place = (host: string) => ({ host, port: 9, secure: "none" as const });
  const dialed = (host: string, answers: string[] = []) =>
    dial(place(host), { allowPrivate: false, lookup: async () => answers }, 300);

  test.each([
    ["127.0.0.1", []],
    ["::1", []],
    ["mail.example", ["10.0.0.1"]],
    ["mail.example", ["1.1.1.1", "169.254.169.254"]],
    ["mail.example", ["::ffff:127.0.0.1"]],
  ] as [string, string[]][])(
    "%s (%j) is not connected to, even with one good address among them",
    async (host, answers) => {
      expect(await dialed(host, answers)).toMatchObject({ kind: "private_address" });
    },
  );

  test("a name is looked up once, so it cannot answer differently for the connection", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const answers = [["127.0.0.1"], ["127.0.0.2"]];
    const lookup = async () => answers.shift() ?? [];
    const outcome = await dial({ ...place("mail.invalid"), port }, { allowPrivate: true, lookup }, 5_000);
    server.close();
    if ("kind" in outcome) throw new Error(`${outcome.kind}: ${outcome.said}`);
    expect([outcome.remoteAddress, answers]).toEqual(["127.0.0.1", [["127.0.0.2"]]]);
    outcome.destroy();
  });
});

test("Postmark's hosts are known by name, and by nothing that looks like one", () => {
  expect(postmarkHost("smtp.postmarkapp.com")).toBe("transactional");
  expect(postmarkHost("SMTP-Broadcasts.postmarkapp.com.")).toBe("broadcast");
  for (const host of ["postmarkapp.com.example", "notpostmarkapp.com", "smtp.example.com"])
    expect(postmarkHost(host)).toBeNull();
});

test("a stream that does not go with its host is warned of, other hosts' streams are not", () => {
  expect(streamWarning("smtp-broadcasts.postmarkapp.com", "outbound")).toMatch(/takes Broadcast streams only/);
  expect(streamWarning("smtp-broadcasts.postmarkapp.com", "lifecycle")).toBeNull();
  expect(streamWarning("smtp.postmarkapp.com", "broadcast")).toMatch(/use smtp-broadcasts/);
  expect(streamWarning("smtp.postmarkapp.com", null)).toMatch(/Broadcast stream/);
  expect(streamWarning("smtp.example.com", "outbound")).toBeNull();
});

test("a user name that is a secret itself is not shown", () => {
  const login = { port: 587, secure: "starttls" as const };
  expect(shownUsername({ ...login, host: "smtp.example.com", username: "acme", password: "x" })).toBe("acme");
  expect(
    shownUsername({ ...login, host: "smtp.example.com", username: "a-token-1234", password: "a-token-1234" }),
  ).toBe("••••1234");
  expect(shownUsername({ ...login, host: "smtp.postmarkapp.com", username: "a-token-1234", password: "x" })).toBe(
    "••••1234",
  );
  expect(shownUsername({ ...login, host: "smtp.example.com", username: null, password: null })).toBeNull();
});
