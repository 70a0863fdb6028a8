import { beforeEach, describe, expect, test } from "vitest";
import { forgetEnv } from "../env";
import { newId } from "../ids";
import { maskEmail } from "./mask-email";
import { readUnsubscribeToken, type UnsubscribeLink, unsubscribeToken, unsubscribeUrl } from "./unsubscribe-link";

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString("base64")}`;
function useKeys(...keys: string[]): void {
  process.env.ENCRYPTION_KEYS = keys.join();
  forgetEnv();
}
beforeEach(() => {
  process.env.DATABASE_URL ??= "postgresql://nowhere.example.com/none";
  process.env.NEXTAUTH_SECRET = "test-nextauth-secret";
  process.env.CRON_SECRET = "test-cron-secret-123";
  process.env.APP_URL = "https://mail.example.com/";
  useKeys(key("one", 1));
});

const link = (over: Partial<UnsubscribeLink> = {}): UnsubscribeLink => ({
  workspaceId: newId(),
  connectionId: newId(),
  sendId: newId(),
  stream: "lifecycle-production",
  email: "Ada.Lovelace@mail.example.com",
  ...over,
});

describe("an unsubscribe link", () => {
  test("says for whom and for what it is, in a header's line, and shows no address", () => {
    const made = link();
    const token = unsubscribeToken(made);
    expect(readUnsubscribeToken(token)).toEqual(made);
    expect(token.length).toBeLessThanOrEqual(200);
    expect(unsubscribeUrl(made)).toBe(`https://mail.example.com/u/${token}`);
    expect(Buffer.from(token, "base64url").toString("latin1")).not.toContain("Ada");
    const long = link({ stream: "s".repeat(30), email: `${"ä".repeat(64)}@${"x".repeat(185)}.com` });
    expect(readUnsubscribeToken(unsubscribeToken(long))).toEqual(long);
    expect(`List-Unsubscribe: <${unsubscribeUrl(long)}>`.length).toBeLessThan(998);
  });

  test("is refused when a single bit is changed, and when anything is missing or added", () => {
    const token = unsubscribeToken(link());
    const bytes = Buffer.from(token, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(readUnsubscribeToken(changed.toString("base64url")), `bit ${bit}`).toBeNull();
    }
    for (let length = 0; length < token.length; length += 1)
      expect(readUnsubscribeToken(token.slice(0, length)), `${length} characters`).toBeNull();
    for (const spelt of [`${token}A`, `${token}=`, ` ${token}`, `${token}\n`, `${token}.`, token.repeat(20)])
      expect(readUnsubscribeToken(spelt)).toBeNull();
  });

  test("made of parts of two links is refused", () => {
    const [mine, theirs] = [link(), link()].map((one) => Buffer.from(unsubscribeToken(one), "base64url"));
    if (!mine || !theirs) throw new Error("two links were made");
    const swapped = Buffer.concat([theirs.subarray(0, 17), mine.subarray(17)]);
    expect(readUnsubscribeToken(swapped.toString("base64url"))).toBeNull();
  });

  test("stays good when the keys are rotated, for as long as its key is listed", () => {
    const old = link();
    const token = unsubscribeToken(old);
    useKeys(key("two", 2), key("one", 1));
    expect(readUnsubscribeToken(token)).toEqual(old);
    const fresh = link();
    const signedNow = unsubscribeToken(fresh);
    useKeys(key("two", 2));
    expect(readUnsubscribeToken(signedNow)).toEqual(fresh);
    expect(readUnsubscribeToken(token)).toBeNull();
  });
});

test.each([
  ["ada@example.com", "a••@e••••••.com"],
  ["a@b.co", "a•@b•.co"],
  ["averyverylongname@mail.example.co.uk", "a••••••••@m••••••••.uk"],
  ["nobody", "••••"],
])("%s is shown as %s", (email, shown) => expect(maskEmail(email)).toBe(shown));
