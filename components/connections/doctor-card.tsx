"use client";

import { ChevronRight, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { type Action, type FormAction, useAction } from "@/components/form/use-action";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { Connection, DoctorFixed, DoctorReport, DoctorRow } from "@/lib/connections/schema";
import { DoctorLine } from "./doctor-line";
import { DomainNames } from "./domain-names";

type Props = {
  connection: Connection;
  report: DoctorReport;
  editable: boolean;
  check: Action<{ id: string }, DoctorReport>;
  fix: Action<{ id: string; fix: string }, DoctorFixed>;
  change: FormAction<Connection>;
};

/** What is wrong with a connection, worst first, each in a line with its Fix; what is good is folded away. */
export function DoctorCard({ connection, report, editable, check, fix, change }: Props) {
  const again = useAction(check);
  const wrong = report.data.filter(({ state }) => state !== "good");
  const good = report.data.filter(({ state }) => state === "good");
  const line = (row: DoctorRow) => (
    <DoctorLine key={row.id} row={row} connectionId={connection.id} fix={editable ? fix : null}>
      {editable && row.id === "dkim" && <DomainNames connection={connection} change={change} />}
    </DoctorLine>
  );
  return (
    <Card
      title="Doctor"
      description={
        <>
          {verdictOf(report)} Read <Time at={report.checked_at} />.
        </>
      }
      actions={
        <Button size="sm" pending={again.pending} onClick={() => again.run({ id: connection.id })}>
          <RotateCw aria-hidden /> Check again
        </Button>
      }
      flush
    >
      {report.data.some(isRunning) && <LiveRefresh everyMs={2000} />}
      {again.error && (
        <Banner tone="bad" live className="mx-4 mb-3 sm:mx-5">
          {again.error.detail}
        </Banner>
      )}
      <ul className="divide-y divide-line border-line border-t">{wrong.map(line)}</ul>
      {good.length > 0 && <Folded title={goodTitle(good.length, wrong.length)}>{good.map(line)}</Folded>}
    </Card>
  );
}

/** A message is on its way round the loop: it has been sent, and another one is not offered yet. */
const isRunning = ({ id, fix, facts }: DoctorRow) => id === "loop" && fix === null && facts.length > 0;

function verdictOf({ data }: DoctorReport): string {
  const count = (state: DoctorRow["state"]) => data.filter((row) => row.state === state).length;
  const [broken, warnings] = [count("broken"), count("warning")];
  if (broken > 0) return broken === 1 ? "One thing is broken." : `${broken} things are broken.`;
  if (warnings > 0)
    return `Nothing is broken; ${warnings === 1 ? "one thing is" : `${warnings} things are`} worth a look.`;
  return "Nothing is wrong, as far as it can be seen.";
}

const goodTitle = (good: number, wrong: number) =>
  wrong === 0 ? `All ${good} checks are good` : `${good} checks are good`;

function Folded({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className="group/good border-line border-t">
      <summary className="flex cursor-pointer list-none items-center gap-2 px-4 py-2.5 text-muted text-sm hover:bg-hover sm:px-5">
        <ChevronRight aria-hidden className="size-4 shrink-0 transition-transform group-open/good:rotate-90" />
        {title}
      </summary>
      <ul className="divide-y divide-line border-line border-t">{children}</ul>
    </details>
  );
}
