const lengthMax = 254;
// A dot-atom of RFC 5322 §3.2.3, letters of other scripts included (RFC 6532); a domain of at least two labels (RFC 1035 §2.3.1).
const local = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const domain =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])$/u;

/** The address, trimmed and lower-cased, when this is exactly one: no display name, no list, no line breaks. Null otherwise. */
export function bareAddress(given: unknown): string | null {
  if (typeof given !== "string") return null;
  const address = given.trim().toLowerCase();
  const at = address.lastIndexOf("@");
  if (at < 1 || at > 64 || address.length > lengthMax) return null;
  return local.test(address.slice(0, at)) && domain.test(address.slice(at + 1)) ? address : null;
}
