"use client";

import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { passwordCharactersMin } from "@/lib/workspaces/schema";

type Props = { name: string; label: string; kind: "current" | "new"; autoFocus?: boolean };

/** A password that can be looked at while it is typed. */
export function PasswordField({ name, label, kind, autoFocus }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      name={name}
      label={label}
      hint={kind === "new" ? `At least ${passwordCharactersMin} characters. A few unrelated words do well.` : undefined}
    >
      <Revealing
        required
        shown={shown}
        toggle={() => setShown(!shown)}
        autoFocus={autoFocus}
        autoComplete={kind === "new" ? "new-password" : "current-password"}
      />
    </Field>
  );
}

type RevealingProps = ComponentProps<"input"> & { shown: boolean; toggle: () => void };

function Revealing({ shown, toggle, ...props }: RevealingProps) {
  return (
    <span className="relative block">
      <Input
        {...props}
        type={shown ? "text" : "password"}
        className="pr-10"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
      />
      <Button
        variant="ghost"
        size="icon"
        className="absolute inset-y-0 right-0 my-auto"
        aria-label={shown ? "Hide password" : "Show password"}
        aria-pressed={shown}
        onClick={toggle}
      >
        {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
      </Button>
    </span>
  );
}
