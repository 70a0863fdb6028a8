import { classes } from "./classes";
import { CopyButton } from "./copy-button";

type Props = { code: string; label?: string; wrap?: boolean; className?: string };

/** Text to copy: `<CodeBlock label="Send an event" code={curl} />`. */
export function CodeBlock({ code, label = "Code", wrap = false, className }: Props) {
  return (
    <div className={classes("relative rounded-lg border border-line bg-sunken", className)}>
      <div className="absolute top-1 right-1 rounded-md bg-sunken">
        <CopyButton text={code} label={`Copy: ${label}`} />
      </div>
      <section
        aria-label={label}
        // A box that scrolls must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        className="overflow-x-auto rounded-lg"
      >
        <pre className={classes("p-3 pr-12 font-mono text-sm leading-5", wrap && "whitespace-pre-wrap break-all")}>
          <code>{code}</code>
        </pre>
      </section>
    </div>
  );
}
