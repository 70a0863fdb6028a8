import { Field } from "@/components/form/field";
import { Input } from "@/components/ui/input";
import type { Connection } from "@/lib/connections/schema";

type Values = Partial<Pick<Connection, "display_name" | "from_email" | "from_name" | "reply_to_email">>;
type SenderProps = Values & { bySmtp?: boolean };

export function NameField({ value }: { value?: string }) {
  return (
    <Field name="display_name" label="Connection name" hint="How your team will know it.">
      <Input defaultValue={value} placeholder="Production" autoComplete="off" maxLength={100} />
    </Field>
  );
}

/** Who mail of this connection comes from, unless a step says otherwise. */
export function SenderFields({ from_email, from_name, reply_to_email, bySmtp = false }: SenderProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        name="from_email"
        label="From address"
        optional={!bySmtp}
        hint={
          bySmtp
            ? "One that the server lets this login send from."
            : "On a domain or address that is verified in Postmark."
        }
      >
        <Input type="email" defaultValue={from_email ?? ""} placeholder="hello@example.com" autoComplete="off" />
      </Field>
      <Field name="from_name" label="From name" optional>
        <Input defaultValue={from_name ?? ""} placeholder="Acme" autoComplete="off" />
      </Field>
      <Field
        name="reply_to_email"
        label="Reply-To"
        optional
        hint="Where answers go when a step names no other address."
        className="sm:col-span-2"
      >
        <Input type="email" defaultValue={reply_to_email ?? ""} placeholder="support@example.com" autoComplete="off" />
      </Field>
    </div>
  );
}
