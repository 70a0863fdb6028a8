import { expect, test } from "vitest";
import { hashPassword, passwordMatches } from "./passwords";

test("only the password that was hashed opens", async () => {
  const stored = await hashPassword("correct horse battery");
  expect(await passwordMatches("correct horse battery", stored)).toBe(true);
  expect(await passwordMatches("correct horse batterY", stored)).toBe(false);
  expect(await passwordMatches("", stored)).toBe(false);
});

test("the same password is stored differently each time, with its cost beside it", async () => {
  const [one, two] = await Promise.all([hashPassword("correct horse battery"), hashPassword("correct horse battery")]);
  expect(one).not.toBe(two);
  expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w-]{22}\$[\w-]{43}$/);
});

test("a hash made at another cost still opens", async () => {
  // scrypt, N=2^14, r=8, p=2, of "an older password" with a salt of sixteen zero bytes.
  const older = "$scrypt$ln=14,r=8,p=2$AAAAAAAAAAAAAAAAAAAAAA$XEh_FH99L5VB9nEd9a0rURgjr5wE_-s-3FCvMTt3pqw";
  expect(await passwordMatches("an older password", older)).toBe(true);
});

test("letters that keyboards compose differently are the same password", async () => {
  expect(await passwordMatches("e\u0301clair au cafe\u0301", await hashPassword("éclair au café"))).toBe(true);
});

test("nobody's password takes as long as somebody's", async () => {
  const stored = await hashPassword("correct horse battery");
  const time = async (hash: string | null) => {
    const startedMs = performance.now();
    expect(await passwordMatches("a wrong password", hash)).toBe(false);
    return performance.now() - startedMs;
  };
  await time(stored);
  const [known, unknown] = [await time(stored), await time(null)];
  expect(unknown).toBeGreaterThan(known / 4);
});

test("a hash that cannot be read is an error, not a refusal", async () => {
  await expect(passwordMatches("x", "plain")).rejects.toThrow(/cannot be read/);
});
