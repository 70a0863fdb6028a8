import { Badge } from "@/components/ui/badge";
import { CopyButton } from "@/components/ui/copy-button";
import type { DnsRecord } from "@/lib/connections/schema";

const tones = { broken: "bad", warning: "warn", cannot_know: "neutral", good: "good" } as const;
const words = { broken: "Wrong", warning: "To publish", cannot_know: "Not known", good: "Published" } as const;

/** DNS records as they should be, to be copied, and what stands there now. */
export function DoctorRecords({ records }: { records: readonly DnsRecord[] }) {
  return (
    <ul className="space-y-2">
      {records.map(({ type, name, value, found, state }) => (
        <li key={`${type} ${name}`} className="rounded-lg border border-line bg-sunken px-3 py-2">
          <div className="flex items-center gap-2">
            <Badge tone="neutral">{type}</Badge>
            <Badge tone={tones[state]}>{words[state]}</Badge>
          </div>
          <Copied label="Name" value={name} />
          <Copied label="Value" value={value} />
          {found !== null && found !== value && <p className="mt-1 break-all text-muted text-xs">Found: {found}</p>}
        </li>
      ))}
    </ul>
  );
}

const Copied = ({ label, value }: { label: string; value: string }) => (
  <div className="mt-1 flex items-start gap-2">
    <span className="w-12 shrink-0 pt-1.5 text-muted text-xs">{label}</span>
    <code className="min-w-0 flex-1 break-all pt-1 font-mono text-xs">{value}</code>
    <CopyButton text={value} label={`Copy ${label.toLowerCase()}`} />
  </div>
);
