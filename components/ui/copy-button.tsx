"use client";

import { Check, Copy } from "lucide-react";
import { type ComponentProps, useEffect, useState } from "react";
import { Button } from "./button";
import { toast } from "./toast";

type Props = Omit<ComponentProps<typeof Button>, "onClick" | "children"> & {
  text: string;
  /** What is copied, for screen readers and as its title: "Copy webhook URL". */
  label?: string;
  children?: string;
};

/** `<CopyButton text={url} label="Copy webhook URL" />`: an icon that turns into a tick; with a child, a button with words. */
export function CopyButton({ text, label = "Copy", children, ...props }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Browsers offer no clipboard on plain http of other hosts, or when it was forbidden.
      toast.error("The browser did not allow copying. Select the text and copy it by hand.");
    }
  };
  return (
    <Button
      variant={children ? "secondary" : "ghost"}
      size={children ? "md" : "icon"}
      aria-label={children ? undefined : copied ? "Copied" : label}
      title={children ? undefined : label}
      {...props}
      onClick={copy}
    >
      {copied ? <Check className="text-good" /> : <Copy />}
      {children && (copied ? "Copied" : children)}
    </Button>
  );
}
