"use client";

import { CircleCheck, CircleHelp, CircleX, type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { classes } from "@/components/ui/classes";
import { DescriptionList } from "@/components/ui/description-list";
import { Time } from "@/components/ui/time";
import type { DoctorFix, DoctorFixed, DoctorRow } from "@/lib/connections/schema";
import { DoctorRecords } from "./doctor-records";

type Fix = Action<{ id: string; fix: string }, DoctorFixed>;
type Props = { row: DoctorRow; connectionId: string; fix: Fix | null; children?: ReactNode };

const looks: Record<DoctorRow["state"], { icon: LucideIcon; mark: string; word: string }> = {
  broken: { icon: CircleX, mark: "text-bad", word: "Broken" },
  warning: { icon: TriangleAlert, mark: "text-warn", word: "Warning" },
  cannot_know: { icon: CircleHelp, mark: "text-faint", word: "Cannot know" },
  good: { icon: CircleCheck, mark: "text-good", word: "Good" },
};

/** One row: state and summary in a line; opened, what was read, what it means, and every way to mend it. */
export function DoctorLine({ row, connectionId, fix, children }: Props) {
  const { icon: Icon, mark, word } = looks[row.state];
  const button = (offer: DoctorFix, primary: boolean) =>
    fix && <FixButton key={offer.id} offer={offer} connectionId={connectionId} fix={fix} primary={primary} />;
  return (
    <li className="flex flex-wrap items-start gap-x-2 sm:flex-nowrap">
      <details className="min-w-0 flex-1 basis-64">
        <summary className="flex cursor-pointer list-none items-start gap-2.5 px-4 py-2.5 text-sm hover:bg-hover sm:px-5">
          <Icon aria-hidden className={classes("mt-0.5 size-4 shrink-0", mark)} />
          <span className="min-w-0 break-words">
            <span className="sr-only">{word}: </span>
            <span className="font-medium text-ink">{row.title}</span> <span className="text-muted">{row.summary}</span>
          </span>
        </summary>
        <div className="space-y-3 px-4 pb-4 text-sm sm:pr-5 sm:pl-11.5">
          <p className="text-muted">{row.meaning}</p>
          {row.facts.length > 0 && (
            <DescriptionList items={row.facts.map(({ label, value }) => ({ term: label, value: factOf(value) }))} />
          )}
          {row.records && <DoctorRecords records={row.records} />}
          {children}
          {row.other_fixes.length > 0 && (
            <div className="flex flex-wrap gap-2">{row.other_fixes.map((offer) => button(offer, false))}</div>
          )}
          <p className="text-faint text-xs">
            Read <Time at={row.checked_at} />
          </p>
        </div>
      </details>
      {row.fix && fix && (
        <div className="pb-2 pl-10 sm:py-1.5 sm:pr-5 sm:pl-0">{button(row.fix, row.state === "broken")}</div>
      )}
    </li>
  );
}

const instant = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const factOf = (value: string) => (instant.test(value) ? <Time at={value} /> : value);

/** Asks first, with every change that it will make. */
function FixButton({
  offer,
  connectionId,
  fix,
  primary,
}: {
  offer: DoctorFix;
  connectionId: string;
  fix: Fix;
  primary: boolean;
}) {
  return (
    <ConfirmDialog
      title={offer.label}
      description="This is what will be done:"
      confirm={offer.label}
      tone="primary"
      success="Done."
      action={withHint(fix)}
      input={{ id: connectionId, fix: offer.id }}
      trigger={
        <Button size="sm" variant={primary ? "primary" : "secondary"}>
          {offer.label}
        </Button>
      }
    >
      <ul className="list-disc space-y-1.5 pl-5 text-sm marker:text-faint">
        {offer.changes.map((sentence) => (
          <li key={sentence} className="break-words">
            {sentence}
          </li>
        ))}
      </ul>
    </ConfirmDialog>
  );
}

/** What Postmark said, and what to do about it, in one. */
const withHint =
  (fix: Fix): Fix =>
  async (input) => {
    const result = await fix(input);
    if (result.ok || !result.error.provider) return result;
    const { message, hint } = result.error.provider;
    return { ok: false, error: { ...result.error, detail: `${message} ${hint}` } };
  };
