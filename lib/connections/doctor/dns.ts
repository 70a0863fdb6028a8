import "server-only";
import { Resolver } from "node:dns/promises";
import { env } from "../../env";
import { type DomainFacts, domainOf, type Looked, withParents } from "./domain";

const limits = { timeout: 3_000, tries: 2 };
/** The resolver waits longer before each further try; this ends it in any case. */
const deadlineMs = 10_000;

type Asked = { dkimSelector: string | null; returnPathDomain: string | null; byPostmark: boolean };

/** Asks DNS for all that matters of a From address’s domain, at once. Never throws. */
export async function readDomain(
  fromEmail: string,
  { dkimSelector, returnPathDomain, byPostmark }: Asked,
  { timeout, tries } = limits,
): Promise<DomainFacts> {
  const domain = domainOf(fromEmail);
  const resolver = new Resolver({ timeout, tries });
  if (env().dnsServers.length > 0) resolver.setServers(env().dnsServers);
  const timer = setTimeout(() => resolver.cancel(), deadlineMs);
  const txt = async (name: string) => ({
    name,
    looked: await look(async () => (await resolver.resolveTxt(name)).map((parts) => parts.join(""))),
  });
  const cname = async (name: string) => ({ name, looked: await look(() => resolver.resolveCname(name)) });
  const mx = async (name: string) => ({
    name,
    looked: await look(async () =>
      (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange || "."}`),
    ),
  });
  const places = withParents(domain);
  const bounces = returnPathDomain === null ? places.map((place) => `pm-bounces.${place}`) : [returnPathDomain];
  try {
    const [spf, mail, dmarc, dkim, returnPath] = await Promise.all([
      txt(domain),
      mx(domain),
      Promise.all(places.map((place) => txt(`_dmarc.${place}`))),
      dkimSelector === null ? null : Promise.all(places.map((place) => txt(`${dkimSelector}._domainkey.${place}`))),
      Promise.all(bounces.map(cname)),
    ]);
    return { domain, byPostmark, spf, mx: mail, dmarc, dkim, returnPath };
  } finally {
    clearTimeout(timer);
  }
}

async function look(ask: () => Promise<string[]>): Promise<Looked> {
  try {
    const values = await ask();
    return values.length === 0 ? { kind: "none", exists: true } : { kind: "found", values };
  } catch (thrown) {
    return lookedOf(thrown instanceof Error && "code" in thrown ? String(thrown.code) : "");
  }
}

/** Codes of c-ares: https://nodejs.org/docs/latest-v20.x/api/dns.html#error-codes */
function lookedOf(code: string): Looked {
  switch (code) {
    case "ENOTFOUND":
      return { kind: "none", exists: false };
    case "ENODATA":
      return { kind: "none", exists: true };
    case "ESERVFAIL":
      return { kind: "failed", why: "broken" };
    case "ETIMEOUT":
    case "ECANCELLED":
      return { kind: "failed", why: "timeout" };
    default:
      return { kind: "failed", why: "refused" };
  }
}
