export type Address = { email: string; name: string | null };
export type BadAddress = { bad: string; why: string };

// ASCII alone on the left: Postmark does not take internationalised local parts.
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domainPart = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u;

/** Reads `a@b, Name <c@d>`. The first bad part decides. An empty text is an empty list. */
export function parseAddresses(text: string): Address[] | BadAddress {
  const found: Address[] = [];
  for (const part of splitList(text)) {
    const address = parseOne(part);
    if ("bad" in address) return address;
    found.push(address);
  }
  return found;
}

/** Whether a bare address is well formed. */
export function isAddress(email: string): boolean {
  return wrongWith(email) === null;
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1).toLowerCase();
}

/** Whether an address lies in one of the domains or below it. */
export function inDomains(email: string, domains: string[]): boolean {
  const domain = domainOf(email);
  return domains.some((d) => domain === d.toLowerCase() || domain.endsWith(`.${d.toLowerCase()}`));
}

function parseOne(part: string): Address | BadAddress {
  const angled = /^(.*)<([^<>]*)>$/s.exec(part);
  const email = (angled?.[2] ?? part).trim();
  const name = (angled?.[1] ?? "")
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .replace(/\\(.)/g, "$1");
  const why = wrongWith(email);
  return why === null ? { email, name: name === "" ? null : name } : { bad: part, why };
}

function wrongWith(email: string): string | null {
  const at = email.lastIndexOf("@");
  if (at < 0) return `Illegal email address '${email}'. It must contain the '@' symbol.`;
  const [local, domain] = [email.slice(0, at), email.slice(at + 1)];
  if (!domainPart.test(domain)) return `Illegal email domain '${domain}' in address '${email}'.`;
  if (!localPart.test(local) || local.length > 64) return `Illegal email address '${email}'.`;
  return null;
}

/** Splits at commas outside quotes and angle brackets; empty parts are dropped. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let [part, quoted, angled] = ["", false, false];
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\" && quoted) part += c + text.charAt(++i);
    else if (c === "," && !quoted && !angled) {
      parts.push(part);
      part = "";
    } else {
      if (c === '"') quoted = !quoted;
      else if (!quoted && (c === "<" || c === ">")) angled = c === "<";
      part += c;
    }
  }
  return [...parts, part].map((p) => p.trim()).filter((p) => p !== "");
}
