import { Field } from "@/components/form/field";
import { Input } from "@/components/ui/input";

type Props = { label: string; hint: string; placeholder?: string; onChange?: () => void };

/** A server token of Postmark's. */
export function TokenField({ label, hint, ...input }: Props) {
  return (
    <Field name="server_token" label={label} hint={hint}>
      <Input className="font-mono" autoComplete="off" autoCapitalize="none" spellCheck={false} {...input} />
    </Field>
  );
}
