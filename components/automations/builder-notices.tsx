"use client";

import Link from "next/link";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import type { AnyAutomation } from "@/lib/automations/schema";
import { useBuilder } from "./builder-context";
import { findDraftStep, type Problems, placeWords } from "./problems";
import type { SavingError } from "./use-saving";

type Props = {
  automation: AnyAutomation;
  editable: boolean;
  error: SavingError | null;
  problems: Problems;
};

const listedMax = 8;

/** What one must know before reading on: why nothing can be changed, and why something was refused. */
export function BuilderNotices({ automation, editable, error, problems }: Props) {
  return (
    <div className="space-y-3 [&:not(:empty)]:mb-4">
      {automation.status === "archived" && (
        <Banner tone="info">It is archived and stays as it is. Make a new one instead.</Banner>
      )}
      {!editable && automation.status !== "archived" && (
        <Banner tone="info">
          Your role can read automations but not change them. An owner, admin or marketer can.
        </Banner>
      )}
      {automation.definition_error !== null && (
        <Banner tone="bad" title="The stored definition cannot be read.">
          <p>{automation.definition_error}</p>
          <p>What stands below is blank. Build it anew and save it, or archive it.</p>
        </Banner>
      )}
      {error && <Refusal error={error} problems={problems} />}
    </div>
  );
}

function Refusal({ error, problems }: { error: SavingError; problems: Problems }) {
  const { draft, show } = useBuilder();
  const found = Object.entries(problems);
  if (found.length === 0 && (error.error === null || error.error.fields)) return null;
  return (
    <Banner
      tone="bad"
      live
      title={error.title}
      action={error.error?.error === "conflict" && <StreamFix paths={Object.keys(problems)} />}
    >
      {found.length === 0 && error.error?.detail}
      <ul className="space-y-0.5">
        {found.slice(0, listedMax).map(([path, sentences]) => (
          <li key={path}>
            <button
              type="button"
              onClick={() => show(path)}
              className="rounded-sm text-left text-ink underline decoration-line-strong underline-offset-2 hover:decoration-current"
            >
              {placeWords(draft, path)}
            </button>
            {`: ${sentences.join(" ")}`}
          </li>
        ))}
      </ul>
      {found.length > listedMax && <p>{`And ${found.length - listedMax} more, marked below.`}</p>}
    </Banner>
  );
}

/** A stream that lifecycle mail may not leave on is allowed in its connection's settings. */
function StreamFix({ paths }: { paths: string[] }) {
  const { draft, connectionsPath } = useBuilder();
  const path = paths.find((one) => one.endsWith(".message_stream"));
  const step = path === undefined ? null : findDraftStep(draft, path);
  if (step?.type !== "send_email" || step.email_provider_id === null) return null;
  return (
    <Button asChild size="sm">
      <Link href={`${connectionsPath}/${step.email_provider_id}`}>Open connection</Link>
    </Button>
  );
}
