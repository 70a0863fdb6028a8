import "server-only";
import { db } from "../db";
import { log } from "../log";
import { advanceWorkspace, laneKey } from "./advance";
import { laneRestMs } from "./backoff";
import { deliverBatch } from "./deliver";
import { batchesPerTurn, callsPerLane, lanesAtOnce, workspacesAtOnce } from "./limits";
import type { Means } from "./means";
import { reconcileLane } from "./reconcile";
import type { DispatchReport, DueLane } from "./schema";
import { dueLanes, dueWorkspaces, unsettledLanes } from "./store";

const workspacesPerLook = 100;
const lanesPerLook = 1_000;
/** After finding nothing where something was due: somebody else has it. */
const missedRestMs = 25;

/** Of what is remembered of lanes and workspaces. */
const keysMax = 10_000;

type Work = "deliver" | "look up";

/**
 * One process' share of the work. Runs advance in rounds; lanes are delivered and looked up side by side, each at its own pace, so
 * that one which hangs holds up nobody. Whatever throws rests for a while and harms only itself.
 */
export class Shift {
  readonly done: Omit<DispatchReport, "remaining"> = { advanced: 0, sent: 0, failed: 0, reconciled: 0 };
  private readonly jobs = new Set<Promise<void>>();
  private readonly busy = new Map<string, number>();
  private readonly resting = new Map<string, { untilMs: number; failures: number }>();
  private lastWorkspace: string | null = null;
  /** The turn in which each lane was last begun. */
  private readonly turns = new Map<string, number>();
  private turn = 0;

  /** `ending`: nothing new is begun once it says so. `onLaneDone`: a lane has room again. `placesMax`: lanes at work at once. */
  constructor(
    private readonly means: Means,
    private readonly ending: () => boolean,
    private readonly onLaneDone: () => void = () => undefined,
    private readonly placesMax = lanesAtOnce,
  ) {}

  /** Begins what is due and waits for the part that is quick: advancing. @returns whether there was anything */
  async round(): Promise<boolean> {
    const advanced = await this.advance();
    const delivering = await this.beginDue("deliver");
    const lookingUp = await this.beginDue("look up");
    return advanced + delivering + lookingUp > 0;
  }

  /** Calls that are under way. */
  get working(): number {
    return this.jobs.size;
  }

  /** When one of the calls under way ends, or at once when there is none. */
  async oneDone(): Promise<void> {
    if (this.jobs.size > 0) await Promise.race(this.jobs);
  }

  /** When all calls under way have ended. */
  async allDone(): Promise<void> {
    while (this.jobs.size > 0) await Promise.all(this.jobs);
  }

  /** One claim of each workspace that has due runs, so that nobody's backlog keeps others waiting. @returns how many runs */
  private async advance(): Promise<number> {
    if (this.ending()) return 0;
    const due = await dueWorkspaces(db, { after: this.lastWorkspace, limit: workspacesPerLook });
    this.lastWorkspace = due.length === workspacesPerLook ? (due.at(-1) ?? null) : null;
    const waiting = due.filter((workspaceId) => !this.rests(workspaceId));
    let claimed = 0;
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined && !this.ending(); next = waiting.shift())
        claimed += await this.advanceOne(next);
    };
    await Promise.all(Array.from({ length: workspacesAtOnce }, worker));
    this.done.advanced += claimed;
    return claimed;
  }

  private async advanceOne(workspaceId: string): Promise<number> {
    try {
      const { claimed, lanes } = await advanceWorkspace(workspaceId, this.means);
      // What was queued just now leaves at once.
      for (const lane of lanes) this.beginLane("deliver", { ...lane, failures: 0 });
      if (claimed === 0) this.rest(workspaceId, missedRestMs);
      else this.resting.delete(workspaceId);
      return claimed;
    } catch (thrown) {
      log.error("a workspace's runs could not be advanced", thrown, { workspace: workspaceId });
      this.rest(workspaceId);
      return 0;
    }
  }

  private async beginDue(what: Work): Promise<number> {
    if (this.ending()) return 0;
    const due = what === "deliver" ? await dueLanes(db, lanesPerLook) : await unsettledLanes(db, lanesPerLook);
    // Those that have waited for their turn longest: a lane with a backlog is always among the oldest due.
    const lastTurn = (lane: DueLane) => this.turns.get(`${what} ${laneKey(lane)}`) ?? 0;
    const inTurn = due.toSorted((one, other) => lastTurn(one) - lastTurn(other));
    return inTurn.filter((lane) => this.beginLane(what, lane)).length;
  }

  private beginLane(what: Work, lane: DueLane): boolean {
    const key = `${what} ${laneKey(lane)}`;
    const atOnce = what === "deliver" ? callsPerLane : 1;
    if (this.ending() || this.jobs.size >= this.placesMax || this.rests(key) || (this.busy.get(key) ?? 0) >= atOnce)
      return false;
    this.begin(key, () => (what === "deliver" ? this.deliver(lane) : this.lookUp(lane)));
    return true;
  }

  private begin(key: string, work: () => Promise<number>): void {
    this.busy.set(key, (this.busy.get(key) ?? 0) + 1);
    this.turn += 1;
    if (this.turns.size > keysMax) this.turns.clear();
    this.turns.set(key, this.turn);
    const job = this.guarded(key, work).finally(() => {
      this.jobs.delete(job);
      const left = (this.busy.get(key) ?? 1) - 1;
      if (left === 0) this.busy.delete(key);
      else this.busy.set(key, left);
      this.onLaneDone();
    });
    this.jobs.add(job);
  }

  private async guarded(key: string, work: () => Promise<number>): Promise<void> {
    try {
      if ((await work()) === 0) this.rest(key, missedRestMs);
      else this.resting.delete(key);
    } catch (thrown) {
      log.error("a lane could not be worked", thrown, { lane: key });
      this.rest(key);
    }
  }

  private async deliver(lane: DueLane): Promise<number> {
    let claimed = 0;
    let full = true;
    for (let batches = 0; full && batches < batchesPerTurn && !this.ending(); batches += 1) {
      const batch = await deliverBatch(lane, this.means);
      ({ full } = batch);
      claimed += batch.claimed;
      this.done.sent += batch.sent;
      this.done.failed += batch.failed;
    }
    return claimed;
  }

  private async lookUp(lane: DueLane): Promise<number> {
    const { claimed, settled } = await reconcileLane(lane, this.means);
    this.done.reconciled += settled;
    return claimed;
  }

  private rests(key: string): boolean {
    return (this.resting.get(key)?.untilMs ?? 0) > performance.now();
  }

  private rest(key: string, restMs?: number): void {
    const failures = (this.resting.get(key)?.failures ?? 0) + (restMs === undefined ? 1 : 0);
    const untilMs = performance.now() + (restMs ?? laneRestMs(failures, this.means.chance()));
    this.resting.set(key, { untilMs, failures });
    if (this.resting.size > keysMax) this.resting.clear();
  }
}
