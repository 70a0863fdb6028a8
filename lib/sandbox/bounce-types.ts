export type BounceType = { code: number; name: string; suppresses: boolean; description: string; details: string };

const row = (code: number, name: string, description: string, details = ""): BounceType => ({
  code,
  name,
  suppresses: false,
  description: `Sandbox text: ${description}`,
  details,
});
const suppressing = (type: BounceType): BounceType => ({ ...type, suppresses: true });

/** Postmark's bounce types by name: code, display name, and whether they usually end sending to the address. */
export const bounceTypes: Record<string, BounceType> = {
  HardBounce: suppressing(
    row(1, "Hard bounce", "the mailbox does not exist.", "smtp;550 5.1.1 The email account does not exist."),
  ),
  Transient: row(
    2,
    "Message delayed",
    "delivery is delayed and will be tried again.",
    "smtp;421 4.7.0 Try again later",
  ),
  Unsubscribe: row(16, "Unsubscribe request", "an automatic answer asks for removal."),
  Subscribe: row(32, "Subscribe request", "an automatic answer asks for a subscription."),
  AutoResponder: row(64, "Auto responder", "an automatic answer came back."),
  AddressChange: row(128, "Address change", "the recipient asks to use another address."),
  DnsError: row(256, "DNS error", "the domain could not be resolved.", "smtp;Host or domain name not found"),
  SpamNotification: row(512, "Spam notification", "the content was judged to be spam.", "smtp;554 5.7.1 Spam"),
  OpenRelayTest: row(1024, "Open relay test", "a relay test came back."),
  Unknown: row(2048, "Unknown", "the answer could not be classified."),
  SoftBounce: row(4096, "Soft bounce", "the mailbox is full, or similar.", "smtp;452 4.2.2 Mailbox full"),
  VirusNotification: row(8192, "Virus notification", "a virus was reported."),
  ChallengeVerification: row(16384, "Spam challenge verification", "the recipient's server asks for proof."),
  BadEmailAddress: suppressing(row(100000, "Invalid email address", "the address is not a valid one.")),
  SpamComplaint: suppressing(row(100001, "Spam complaint", "the recipient reported the message as spam.")),
  ManuallyDeactivated: suppressing(row(100002, "Manually deactivated", "the address was deactivated by hand.")),
  Unconfirmed: row(100003, "Registration not confirmed", "the subscriber has not confirmed."),
  Blocked: row(100006, "ISP block", "the receiving server blocks the sender.", "smtp;554 5.7.1 Blocked"),
  SMTPApiError: row(100007, "SMTP API error", "the SMTP submission was rejected after acceptance."),
  InboundError: row(100008, "Inbound error", "the inbound webhook failed."),
  DMARCPolicy: row(100009, "DMARC policy", "the message was refused by the domain's DMARC policy."),
  TemplateRenderingFailed: row(100010, "Template rendering failed", "the template could not be rendered."),
};

/** The type meant by a name in any case, snake_case too; anything unknown, and complaints, are hard bounces (as bounce testing does). */
export function bounceTypeNamed(name: string): string {
  const wanted = name.replaceAll("_", "").toLowerCase();
  const found = Object.keys(bounceTypes).find((type) => type.toLowerCase() === wanted);
  return found && found !== "SpamComplaint" ? found : "HardBounce";
}
