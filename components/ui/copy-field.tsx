"use client";

import { Eye, EyeOff } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Label } from "./label";

type Props = { label: string; value: string; hint?: string /** Hidden until asked for. */; secret?: boolean };

/** A value to take elsewhere: `<CopyField label="Webhook URL" value={url} />`, `<CopyField secret label="Secret" value={secret} />`. */
export function CopyField({ label, value, hint, secret = false }: Props) {
  const id = useId();
  const [shown, setShown] = useState(!secret);
  return (
    <div>
      <Label htmlFor={id}>{label}</Label>
      <div className="mt-1 flex items-center rounded-md border border-line bg-sunken pl-2.5 focus-within:border-line-strong">
        <input
          id={id}
          readOnly
          type={shown ? "text" : "password"}
          autoComplete="off"
          value={value}
          onFocus={(event) => event.currentTarget.select()}
          aria-describedby={hint ? `${id}-hint` : undefined}
          className="h-8 min-w-0 flex-1 rounded-sm bg-transparent font-mono text-ink text-sm pointer-coarse:h-10"
        />
        {secret && (
          <Button
            variant="ghost"
            size="icon"
            onClick={() => setShown(!shown)}
            aria-label={shown ? `Hide ${label}` : `Show ${label}`}
          >
            {shown ? <EyeOff /> : <Eye />}
          </Button>
        )}
        <CopyButton text={value} label={`Copy ${label}`} />
      </div>
      {hint && (
        <p id={`${id}-hint`} className="mt-1 text-muted text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}
