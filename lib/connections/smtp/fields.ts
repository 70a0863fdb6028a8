import * as z from "zod";

const hostPattern = /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?\.?$/;
const smtpHost = z
  .string("Enter the server's host name, such as smtp.example.com.")
  .trim()
  .toLowerCase()
  .refine(
    (text) => hostPattern.test(text) || z.ipv6().safeParse(text).success,
    "Enter a host name such as smtp.example.com, without protocol and port.",
  );
export const smtpPort = z
  .int("Enter a port, such as 587.")
  .min(1, "Ports are 1 to 65535.")
  .max(65_535, "Ports are 1 to 65535.");
export const smtpSecure = z.enum(["starttls", "tls", "none"], "Choose starttls, tls or none.");

/** Also keeps out what is shown in place of a user name that is a secret, should it come back. */
const credential = (what: string) =>
  z
    .string()
    .trim()
    .regex(/^[^\p{Cc}•]{0,500}$/u, `${what} has at most 500 characters, all of them visible.`)
    .transform((text) => (text === "" ? null : text))
    .nullish();

export const smtpFields = {
  smtp_host: smtpHost,
  smtp_port: smtpPort.default(587),
  smtp_secure: smtpSecure
    .default("starttls")
    .describe("starttls is required, never given up; none sends in the clear."),
  username: credential("A user name").describe("Null where the server wants no login. For Postmark: the server token."),
  password: credential("A password").describe("For Postmark: the server token again."),
};

/** User name and password go together. */
export function wholeLogin(
  { username, password }: { username?: string | null | undefined; password?: string | null | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (username != null && password == null)
    context.addIssue({
      code: "custom",
      path: ["password"],
      message: "Enter the password that goes with the user name.",
    });
  if (username == null && password != null)
    context.addIssue({
      code: "custom",
      path: ["username"],
      message: "Enter the user name that goes with the password.",
    });
}

const kinds = {
  server_token: "postmark",
  allow_transactional: "postmark",
  smtp_host: "smtp",
  smtp_port: "smtp",
  smtp_secure: "smtp",
  username: "smtp",
  password: "smtp",
} as const;

/** What of a change belongs to the other kind of connection: field → sentence. */
export function strangeTo(
  provider: string,
  change: Readonly<Record<string, unknown>>,
): [field: string, sentence: string][] {
  return Object.entries(kinds)
    .filter(([field, kind]) => kind !== provider && change[field] !== undefined)
    .map(([field, kind]) => [field, `This belongs to provider “${kind}”, and the connection is “${provider}”.`]);
}
