import fs from "node:fs";

/** What a proof has to show for itself. Counts, but for the times; null where a figure has no meaning for it. */
export type Figures = {
  proof: string;
  seed: number;
  full: boolean;
  emails: number;
  kills: number;
  stops: number;
  faults: number;
  lost: number;
  doubled: number;
  longestRecoveryMs: number | null;
  seconds: number;
} & Record<string, unknown>;

const file = ".data/proofs.jsonl";

/** Adds one line to .data/proofs.jsonl, and prints it for whoever looks on. */
export function record(figures: Figures): void {
  fs.mkdirSync(".data", { recursive: true });
  fs.appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...figures })}\n`);
  const words = Object.entries(figures).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  process.stderr.write(`${words.join(" · ")}\n`);
}
