/** Why something here cannot be used: it is for owners and admins. */
export function Reserved({ children }: { children: string }) {
  return <p className="text-muted text-sm">{children} Ask an owner or admin of the workspace.</p>;
}
