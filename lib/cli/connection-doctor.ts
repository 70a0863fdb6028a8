import "server-only";
import type { Actor } from "../actor";
import { sleep } from "../clock";
import { connectionCalled } from "../connections";
import type { DoctorReport, DoctorRow, DoctorState } from "../connections/schema";
import { doctorFixInput } from "../connections/schema";
import { examineConnection, mendConnection, watchLoop } from "../dispatch";
import { AppError, toPublicError } from "../errors";
import { operatorActor } from "../workspaces";

type Asked = { json?: boolean | undefined; fix?: string | undefined };
type Mended = { fix: string; changed: string[]; problem?: string };

/** Examines a connection by its id or name, mends what `fix` says (`all`: whatever can be), and prints what stands then. Exit code 1 while a row is broken. */
export async function doctorOfConnection(called: string, { json, fix }: Asked): Promise<void> {
  const { workspaceId, id } = await connectionCalled(called);
  const actor = operatorActor(workspaceId);
  const mended = fix === "all" ? await mendAll(actor, id) : fix === undefined ? [] : [await mend(actor, id, fix)];
  const report = await examineConnection(actor, { id });
  const text = json ? `${JSON.stringify({ ...report, mended })}\n` : reportText(report, mended);
  process.stdout.write(text);
  if (report.worst === "broken" || mended.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

const fixesMax = 20;

/** What rows that are not good offer, each once, the stream before what hangs on it. What fails is said and left. */
async function mendAll(actor: Actor, id: string): Promise<Mended[]> {
  const mended: Mended[] = [];
  for (let tries = 0; tries < fixesMax; tries += 1) {
    const { data } = await examineConnection(actor, { id });
    const next = fixesOf(data).find((fix) => !mended.some((done) => done.fix === fix));
    if (next === undefined) break;
    mended.push(await mend(actor, id, next).catch((thrown: unknown) => failed(next, thrown)));
  }
  return mended;
}

function failed(fix: string, thrown: unknown): Mended {
  if (!(thrown instanceof AppError)) throw thrown;
  const { detail, provider } = toPublicError(thrown);
  return { fix, changed: [], problem: provider ? `${provider.message} ${provider.hint}` : detail };
}

const order = ["unarchive_stream", "use_broadcast", "revalidate"];
const fixesOf = (rows: readonly DoctorRow[]): string[] => {
  const rank = (fix: string) => (order.includes(fix) ? order.indexOf(fix) : order.length);
  return rows
    .flatMap(({ state, fix }) => (state === "good" || fix === null ? [] : fix.id))
    .sort((a, b) => rank(a) - rank(b));
};

async function mend(actor: Actor, id: string, fix: string): Promise<Mended> {
  const input = doctorFixInput.safeParse({ id, fix });
  if (!input.success) throw new AppError("validation_error", input.error.issues[0]?.message);
  const { changed } = await mendConnection(actor, input.data);
  if (fix === "loop") await waitForLoop(actor, id);
  return { fix, changed };
}

const lookEveryMs = 1_000;
/** A loop gives up by itself after two minutes. */
const looksMax = 130;

async function waitForLoop(actor: Actor, id: string): Promise<void> {
  for (let looks = 0; looks < looksMax && (await watchLoop(actor, { id })).running; looks += 1)
    await sleep(lookEveryMs);
}

const marks: Record<DoctorState, string> = { broken: "✗", warning: "!", cannot_know: "?", good: "✓" };

/** What was mended, then every row in a line; below what is not good, what it means, and how it is fixed. */
export function reportText({ data }: Pick<DoctorReport, "data">, mended: readonly Mended[]): string {
  const done = mended.flatMap(({ fix, changed, problem }) =>
    problem !== undefined
      ? [`${fix}: ${problem}`]
      : changed.length === 0
        ? [`${fix}: nothing to change`]
        : changed.map((sentence) => `${fix}: ${sentence}`),
  );
  const lines = data.flatMap((row) => [`${marks[row.state]} ${row.title}: ${row.summary}`, ...furtherLines(row)]);
  return `${[...done, ...(done.length > 0 ? [""] : []), ...lines].join("\n")}\n`;
}

function furtherLines({ state, meaning, records = [], fix }: DoctorRow): string[] {
  if (state === "good") return [];
  return [
    `    ${meaning}`,
    ...records.map(({ type, name, value }) => `    publish: ${name} ${type} ${value}`),
    ...(fix ? [`    --fix ${fix.id}: ${fix.changes.join(" ")}`] : []),
  ];
}
