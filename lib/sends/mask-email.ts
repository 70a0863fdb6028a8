/**
 * An address so that its owner knows it, and whoever looks over their shoulder, or was sent the mail on, does not: the first letter and
 * the last part of the domain stay. `ada@example.com` is `a••@e••••••.com`.
 */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf("@");
  if (at < 1) return "••••";
  const domain = email.slice(at + 1);
  const dot = domain.lastIndexOf(".");
  const [name, ending] = dot < 1 ? [domain, ""] : [domain.slice(0, dot), domain.slice(dot)];
  return `${masked(email.slice(0, at))}@${masked(name)}${ending}`;
}

/** Letters, not halves of them; and no longer than a line takes. */
function masked(text: string): string {
  const [first = "", ...rest] = text;
  return first + "•".repeat(Math.min(Math.max(rest.length, 1), 8));
}
