import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export type SubjectOptions = {
  name: string;
  /** A bundle. */
  program: string;
  leash: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** What it says on standard error when it has started. */
  readyWords: string;
};

const readyWithinMs = 60_000;
const backoffMsMin = 100;
const backoffMsMax = 3_000;
/** Who lived this long is started again at once. */
const steadyMs = 5_000;

/** Whatever ends this process ends them; the leash is for the end that leaves no time for this. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/**
 * A process that is put to the proof. Dead, it is started again after a pause that grows, as an operator's supervisor would, until
 * `end` is called.
 */
export class Subject {
  kills = 0;
  stops = 0;
  starts = 0;
  /** How long each start took. */
  readonly startMs: number[] = [];
  /** Lines that the process logged at these levels, without repetitions. */
  readonly troubles = new Map<string, number>();
  private child: ChildProcess | undefined;
  private ready: Promise<void> = Promise.resolve();
  private wanted = true;
  private failures = 0;
  private started = false;
  private stopped = false;

  constructor(private readonly options: SubjectOptions) {}

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Whether it works: neither dead nor frozen nor still starting. */
  get up(): boolean {
    return this.child !== undefined && this.started && !this.stopped;
  }

  /** @throws Error with the end of its log when it does not become ready */
  async start(): Promise<void> {
    this.launch();
    await this.ready;
  }

  /** SIGKILL, whatever it is doing. The supervisor starts it again. */
  kill(): void {
    if (this.child === undefined) return;
    this.kills += 1;
    this.stopped = false;
    this.child.kill("SIGKILL");
  }

  /** Frozen in the middle of whatever it does, and going on as if nothing had happened when `cont` is called. */
  stop(): void {
    if (this.child === undefined || this.stopped) return;
    this.stops += 1;
    this.stopped = true;
    this.child.kill("SIGSTOP");
  }

  cont(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.child?.kill("SIGCONT");
  }

  /** Ends it for good. SIGTERM lets it finish what it began. @returns its exit code; null when a signal ended it */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | null> {
    this.wanted = false;
    this.cont();
    const { child } = this;
    if (child === undefined) return null;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  /** Waits until it is ready again. */
  async untilReady(): Promise<void> {
    for (const limit = performance.now() + readyWithinMs; performance.now() < limit; await wait(20))
      if (this.up) return;
    throw new Error(`${this.name} was not started again: ${this.options.logFile} may say why.`);
  }

  private launch(): void {
    const { program, leash, env, logFile, readyWords } = this.options;
    const log = fs.createWriteStream(logFile, { flags: "a" });
    const child = spawn(process.execPath, ["--enable-source-maps", "--import", leash, program], {
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.child = child;
    alive.add(child);
    this.starts += 1;
    const startedAtMs = performance.now();
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.on("exit", () => {
      log.end();
      alive.delete(child);
      if (this.child === child) this.child = undefined;
      [this.started, this.stopped] = [false, false];
      this.failures = performance.now() - startedAtMs > steadyMs ? 0 : this.failures + 1;
      const backoffMs = Math.min(backoffMsMin * 2 ** this.failures, backoffMsMax);
      if (this.wanted) setTimeout(() => this.wanted && this.launch(), backoffMs);
    });
    this.ready = this.hear(child, { readyWords, startedAtMs });
    this.ready.catch(() => undefined); // whoever waits for it hears of it
  }

  /** Reads its log: when it is ready, and what it complains of. */
  private hear(
    child: ChildProcess,
    { readyWords, startedAtMs }: { readyWords: string; startedAtMs: number },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let rest = "";
      const tooLate = setTimeout(() => reject(new Error(`${this.name} did not start in time`)), readyWithinMs);
      child.once("exit", (code, signal) => {
        clearTimeout(tooLate);
        reject(new Error(`${this.name} ended (${signal ?? code}): ${rest.slice(-2_000)}`));
      });
      child.stderr?.setEncoding("utf8").on("data", (words: string) => {
        const lines = (rest + words).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (line.includes(readyWords)) {
            clearTimeout(tooLate);
            this.started = true;
            this.startMs.push(performance.now() - startedAtMs);
            resolve();
          }
          this.note(line);
        }
      });
    });
  }

  private note(line: string): void {
    const [, level, message] = /"level":"(warn|error)","message":"([^"]*)"/.exec(line) ?? [];
    if (level === undefined || message === undefined) return;
    const [, error = ""] = /"error":"([^"]*)"/.exec(line) ?? [];
    const key = `${level}: ${message}${error && ` (${error.slice(0, 120)})`}`;
    this.troubles.set(key, (this.troubles.get(key) ?? 0) + 1);
  }
}

export function logFileOf(proof: string, name: string): string {
  const folder = path.resolve(".data/proofs", proof);
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.log`);
  fs.rmSync(file, { force: true });
  return file;
}
