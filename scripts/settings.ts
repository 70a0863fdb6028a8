/** What demo, dev, tests and the command line take when the environment does not say: an embedded database and secrets of their own in .data/. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { ensureDatabase, stopDatabase } from "./embedded-postgres";

export type Settings = Record<string, string>;

/** Reads .data/secrets.json, making it the first time. */
export function localSecrets(file = ".data/secrets.json"): Settings {
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8")) as Settings;
  fs.mkdirSync(".data", { recursive: true });
  const secrets = {
    NEXTAUTH_SECRET: randomBytes(32).toString("base64url"),
    CRON_SECRET: randomBytes(24).toString("base64url"),
    ENCRYPTION_KEYS: `local:${randomBytes(32).toString("base64")}`,
    SANDBOX_TOKEN: randomToken(),
    SANDBOX_ACCOUNT_TOKEN: randomToken(),
    SANDBOX_CONTROL_KEY: randomBytes(24).toString("base64url"),
  };
  fs.writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}

/** The environment's own values win over the defaults; empty ones do not. */
export function withDefaults(defaults: Settings): Settings {
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return { ...defaults, ...Object.fromEntries(given) };
}

/** DATABASE_URL, else the embedded PostgreSQL. `stop` ends only the one that was started here. */
export async function localDatabase(): Promise<{ url: string; embedded: boolean; stop: () => Promise<void> }> {
  const given = process.env.DATABASE_URL;
  if (given) return { url: given, embedded: false, stop: async () => undefined };
  return { url: await ensureDatabase(), embedded: true, stop: () => stopDatabase() };
}

function randomToken(): string {
  const hex = randomBytes(16).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
