import * as z from "zod";

/** From worst to best: the order in which rows are shown. */
export const doctorStates = ["broken", "warning", "cannot_know", "good"] as const;
export type DoctorState = (typeof doctorStates)[number];

const instant = z.iso.datetime();
const fix = z.object({
  id: z.string(),
  label: z.string(),
  changes: z.array(z.string()).describe("What it will change, one sentence each."),
});
export type DoctorFix = z.infer<typeof fix>;

/** A DNS record as it should be, and what stands there. */
const dnsRecord = z.object({
  type: z.string(),
  name: z.string(),
  value: z.string().describe("To be published."),
  found: z.string().nullable(),
  state: z.enum(doctorStates),
});
export type DnsRecord = z.infer<typeof dnsRecord>;

const doctorRow = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(doctorStates),
  summary: z.string(),
  meaning: z.string().describe("What it means for the mail of this connection."),
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  records: z.array(dnsRecord).optional(),
  checked_at: instant,
  fix: fix.nullable(),
  other_fixes: z.array(fix).describe("Other ways to the same end."),
});
export type DoctorRow = z.infer<typeof doctorRow>;

export const doctorReport = z.object({
  data: z.array(doctorRow).describe("Worst first."),
  worst: z.enum(doctorStates),
  checked_at: instant,
});
export type DoctorReport = z.infer<typeof doctorReport>;

export const doctorInput = z.strictObject({ id: z.string().max(64) });
export type DoctorInput = z.infer<typeof doctorInput>;

/** Every fix there is, and the row that it belongs to. Those of webhooks end in the stream's id, as their rows do. */
export const fixRows = {
  revalidate: "token",
  use_broadcast: "stream",
  unarchive_stream: "stream",
  allow_transactional: "stream",
  remove_duplicates: "duplicates",
  tracking: "tracking",
  loop: "loop",
} as const;
const webhookFix = /^webhook:[a-z][a-z0-9_-]{0,29}$/;
const isFix = (id: string) => id in fixRows || webhookFix.test(id);

export const doctorFixInput = z.strictObject({
  id: z.string().max(64),
  fix: z
    .string()
    .max(64)
    .refine(isFix, `There is no such fix. Fixes are ${Object.keys(fixRows).join(", ")} and webhook:<stream>.`),
});
export type DoctorFixInput = z.infer<typeof doctorFixInput>;

export const doctorFixed = z.object({
  row: doctorRow.nullable().describe("As it is now; null when there is no such row any more."),
  changed: z.array(z.string()).describe("Empty: there was nothing to change."),
  worst: z.enum(doctorStates),
});
export type DoctorFixed = z.infer<typeof doctorFixed>;

/** Where the message round the loop is. */
export type LoopNow = { row: DoctorRow; running: boolean };

/** A row as a rule writes it: what it leaves out is nothing. */
export type RowDraft = Pick<DoctorRow, "id" | "title" | "state" | "summary" | "meaning"> &
  Partial<Pick<DoctorRow, "facts" | "records" | "fix" | "other_fixes">>;

/** A draft as it was read at a moment. */
export const rowOf = (draft: RowDraft, checkedAt: Date): DoctorRow => ({
  facts: [],
  fix: null,
  other_fixes: [],
  ...draft,
  checked_at: checkedAt.toISOString(),
});

export const worstOf = (rows: readonly Pick<DoctorRow, "state">[]): DoctorState =>
  doctorStates.find((state) => rows.some((row) => row.state === state)) ?? "good";
