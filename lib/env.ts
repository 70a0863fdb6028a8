import "server-only";
import { isIP } from "node:net";
import * as z from "zod";

/** The environment, read and checked once. The only file of app, components and lib that reads process.env. */

const secret = z.string().min(16, "must have at least 16 characters");
const flag = z.enum(["on", "off"]);

const encryptionKeys = z.string().transform((text, context) =>
  text.split(",").map((part) => {
    const [id = "", encoded = ""] = part.trim().split(/:(.*)/s);
    const bytes = Buffer.from(encoded, "base64");
    if (!/^[\w-]{1,32}$/.test(id) || bytes.length !== 32)
      context.addIssue(
        "must be id:base64(32 bytes), several separated by commas; make one with: node -p \"'k1:'+require('crypto').randomBytes(32).toString('base64')\"",
      );
    return { id, bytes };
  }),
);

const rateLimit = z.string().transform((text, context) => {
  if (text === "off") return null;
  const match = /^(\d{1,7})\/(\d{1,7})$/.exec(text);
  const [perSecond, burst] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (perSecond < 1 || burst < 1) context.addIssue("must be events per second and burst, such as 500/1000, or off");
  return { perSecond, burst };
});

const dnsServers = z.string().transform((text, context) => {
  const servers = text.split(",").map((part) => part.trim());
  if (
    !servers.every((server) => isIP(server.replace(/^\[(.*)\](:\d{1,5})?$/, "$1").replace(/^([\d.]+):\d{1,5}$/, "$1")))
  )
    context.addIssue(
      "must be IP addresses separated by commas, each with a port if it is not 53, such as 1.1.1.1,[2606:4700::1111]:53",
    );
  return servers;
});

/** Always in one spelling (RFC 3986 §6.2): host in lower case, no port that goes without saying, no slash at the end. */
const url = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .refine((text) => !/[?#@]/.test(text), "must be an address alone, without user name, query or fragment")
  .transform((text) => new URL(text).href.replace(/\/+$/, ""));

const schema = z.object({
  NODE_ENV: z.string().default("development"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" }),
  DATABASE_POOLED: z.enum(["1", "0", ""]).default("0"),
  DATABASE_DIRECT_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" }).optional(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(200).default(10),
  DATABASE_TIMEOUT_MS: z.coerce.number().int().min(1_000).max(3_600_000).default(65_000),
  APP_URL: url.optional(),
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  WEB_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(1),
  NEXTAUTH_SECRET: secret,
  CRON_SECRET: secret,
  ENCRYPTION_KEYS: encryptionKeys,
  POSTMARK_API_URL: url.default("https://api.postmarkapp.com"),
  POSTMARK_SEARCH_LAG_MS: z.coerce.number().int().min(0).default(60_000),
  POSTMARK_TIMEOUT_MS: z.coerce.number().int().min(100).max(120_000).default(30_000),
  DNS_SERVERS: dnsServers.optional(),
  RATE_LIMIT: rateLimit.prefault("500/1000"),
  ALERTS_ALLOW_PRIVATE: flag.optional(),
  DISPATCHER: flag.default("on"),
  SMTP_ALLOW_PRIVATE: flag.optional(),
  SIGNUP: z.enum(["open", "first", "closed"]).default("first"),
});

export type Env = ReturnType<typeof shape>;

function shape(raw: z.output<typeof schema>) {
  return {
    production: raw.NODE_ENV === "production",
    databaseUrl: raw.DATABASE_URL,
    /** A transaction-mode pooler stands between: no named statements, no LISTEN on it. */
    databasePooled: raw.DATABASE_POOLED === "1",
    /** Where LISTEN works, if anywhere. */
    listenUrl: raw.DATABASE_DIRECT_URL ?? (raw.DATABASE_POOLED === "1" ? undefined : raw.DATABASE_URL),
    databasePoolMax: raw.DATABASE_POOL_MAX,
    /** How long nothing may be heard on a connection that is waited for: longer than any statement of ours takes. */
    databaseTimeoutMs: raw.DATABASE_TIMEOUT_MS,
    appUrl: raw.APP_URL ?? `http://localhost:${raw.PORT}`,
    host: raw.HOST,
    port: raw.PORT,
    webConcurrency: raw.WEB_CONCURRENCY,
    sessionSecret: raw.NEXTAUTH_SECRET,
    cronSecret: raw.CRON_SECRET,
    encryptionKeys: raw.ENCRYPTION_KEYS,
    /** Base URL of the email provider's API, for every connection. */
    providerApiUrl: raw.POSTMARK_API_URL,
    /** How long an accepted message may stay invisible to the provider's search. */
    providerSearchLagMs: raw.POSTMARK_SEARCH_LAG_MS,
    /** Deadline of one call to the provider that may send. */
    providerTimeoutMs: raw.POSTMARK_TIMEOUT_MS,
    /** Asked about the domains of From addresses; empty: the machine's own. */
    dnsServers: raw.DNS_SERVERS ?? [],
    /** Whether alert webhooks may be plain HTTP and lead to private or loopback addresses. */
    alertsAllowPrivate:
      raw.ALERTS_ALLOW_PRIVATE === undefined ? raw.NODE_ENV !== "production" : raw.ALERTS_ALLOW_PRIVATE === "on",
    rateLimit: raw.RATE_LIMIT,
    dispatcher: raw.DISPATCHER === "on",
    signup: raw.SIGNUP,
    /** SMTP connections may lead to private and loopback addresses. */
    smtpAllowPrivate:
      raw.SMTP_ALLOW_PRIVATE === undefined ? raw.NODE_ENV !== "production" : raw.SMTP_ALLOW_PRIVATE === "on",
  };
}

let cached: Env | undefined;

/** @throws Error with one sentence that names the first variable that is missing or wrong. */
export function env(): Env {
  if (cached === undefined) {
    cached = read(process.env);
    // next-auth reads its own origin from the environment and from nowhere else.
    process.env.NEXTAUTH_URL = cached.appUrl;
  }
  return cached;
}

/** Reads any source: tests hand in their own. Empty strings count as missing. */
export function read(source: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return shape(parsed.data);
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? "");
  const wrong = issue?.message.startsWith("must") ? issue.message : `is not valid: ${issue?.message}`;
  const words = given[name] === undefined ? "is not set" : wrong;
  throw new Error(`The environment variable ${name} ${words}. See the environment table in README.md.`);
}

/** For tests that change the environment between cases. */
export function forgetEnv(): void {
  cached = undefined;
}
