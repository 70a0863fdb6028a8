import { Circle, CircleCheck } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { classes } from "@/components/ui/classes";
import { CodeBlock } from "@/components/ui/code-block";

export type StartStep = {
  title: string;
  why: string;
  done: boolean;
  action?: { href: string; label: string };
  /** To paste into a terminal. */
  command?: string;
};

/** What is left to do before email leaves by itself: the first open step is spelled out, the others wait. */
export function GettingStarted({ steps }: { steps: StartStep[] }) {
  const next = steps.find((step) => !step.done);
  const done = steps.filter((step) => step.done).length;
  return (
    <Card
      flush
      title="Getting started"
      description={`${done} of ${steps.length} done. ${next ? `Next: ${next.title.toLowerCase()}.` : ""}`}
    >
      <ol className="divide-y divide-line border-line border-t">
        {steps.map((step) => (
          <li
            key={step.title}
            className="flex gap-3 px-4 py-3 sm:px-5"
            aria-current={step === next ? "step" : undefined}
          >
            {step.done ? (
              <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-good" />
            ) : (
              <Circle
                aria-hidden
                className={classes("mt-0.5 size-4.5 shrink-0", step === next ? "text-accent" : "text-line-strong")}
              />
            )}
            <div className="min-w-0 flex-1">
              <h3 className={classes("font-medium", step.done && "text-muted")}>
                {step.title}
                {step.done && <span className="sr-only"> (done)</span>}
              </h3>
              {step === next && <Detail {...step} />}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Detail({ why, action, command, title }: StartStep) {
  return (
    <div className="mt-0.5 max-w-3xl space-y-3 pb-1">
      <p className="text-muted text-sm">{why}</p>
      {command && <CodeBlock code={command} label={title} />}
      {action && (
        <Button asChild variant={command ? "secondary" : "primary"}>
          <Link href={action.href}>{action.label}</Link>
        </Button>
      )}
    </div>
  );
}
