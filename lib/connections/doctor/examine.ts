import { domainRows } from "./domain-rows";
import type { DoctorFacts } from "./facts";
import { loopRow } from "./loop";
import {
  type DoctorReport,
  type DoctorRow,
  type DoctorState,
  doctorStates,
  type RowDraft,
  rowOf,
  worstOf,
} from "./row";
import { serverRows } from "./server-rows";
import { settingRows } from "./setting-rows";
import { smtpRows } from "./smtp-rows";
import { streamRows } from "./stream-rows";
import { webhookRows } from "./webhook-rows";

/** What the facts come to: every row, worst first, else in the order in which mail passes. */
export function examine(facts: DoctorFacts): DoctorReport {
  const drafts = facts.smtp === null ? nativeRows(facts) : smtpRows(facts, facts.smtp);
  const rows = drafts.map((draft) => rowOf(draft, facts.readAt));
  return { ...ordered(rows), checked_at: facts.readAt.toISOString() };
}

const nativeRows = (facts: DoctorFacts): RowDraft[] => [
  ...serverRows(facts),
  ...streamRows(facts),
  ...webhookRows(facts),
  loopRow(facts),
  ...settingRows(facts),
  ...domainRows(facts),
];

/** Worst first; what is equally bad stays in its order. */
export const ordered = (rows: readonly DoctorRow[]): Pick<DoctorReport, "data" | "worst"> => ({
  data: [...rows].sort((a, b) => rank(a.state) - rank(b.state)),
  worst: worstOf(rows),
});

const rank = (state: DoctorState) => doctorStates.indexOf(state);
