import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import type { FaultRule, SandboxOptions } from "../../lib/sandbox";

/** A mail that the provider took. */
export type Accepted = { id: string; to: string; metadata: Record<string, string>; acceptedAtMs: number };
type WorldRecord = { name: string; apiUrl: string; serverToken: string; server: { id: number; name: string } };
type FaultReport = { id: string; rule: FaultRule; matched: number; fired: number };

export type Provider = Awaited<ReturnType<typeof startProvider>>;

/** The sandbox as a process of its own, spoken to over its control plane. What it took is on nobody's word but its own. */
export async function startProvider(
  { program, leash, logFile }: { program: string; leash: string; logFile: string },
  options: SandboxOptions,
) {
  const { child, url, controlKey } = await launch({ program, leash, logFile }, options);
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}/__emu${path}`, {
      method,
      headers: { authorization: `Bearer ${controlKey}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`sandbox ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const taken: Accepted[] = [];
  return {
    url,
    controlKey,
    control,
    world: () => control<WorldRecord>("GET", "/world"),
    /** All that was taken so far, but for probes to the black hole; only what is new travels. */
    async accepted(): Promise<readonly Accepted[]> {
      taken.push(...(await control<Accepted[]>("GET", `/accepted/${taken.length}`)));
      return taken.filter(({ to }) => !to.includes("@blackhole."));
    },
    addFault: (rule: FaultRule) => control<FaultReport[]>("POST", "/faults", rule),
    clearFaults: () => control("DELETE", "/faults"),
    /** How often faults have struck since they were last cleared. */
    async fired(): Promise<number> {
      return (await control<FaultReport[]>("GET", "/faults")).reduce((sum, { fired }) => sum + fired, 0);
    },
    settings: (patch: Record<string, unknown>) => control("PATCH", "/settings", patch),
    async close(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function launch(
  { program, leash, logFile }: { program: string; leash: string; logFile: string },
  options: SandboxOptions,
): Promise<{ child: ChildProcess; url: string; controlKey: string }> {
  const log = fs.openSync(logFile, "a");
  const child = spawn(process.execPath, ["--import", leash, program], {
    stdio: ["ignore", "pipe", log, "ipc"],
    env: { ...process.env, PROOF_SANDBOX: JSON.stringify(options) },
  });
  fs.closeSync(log);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").once("data", resolve);
    child.once("exit", (code) => reject(new Error(`The sandbox ended with ${code}: ${logFile} says why.`)));
  });
  return { child, ...(JSON.parse(line) as { url: string; controlKey: string }) };
}
