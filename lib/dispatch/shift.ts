import "server-only";
import { db } from "../db";
import { log } from "../log";
import { advanceWorkspace, laneKey } from "./advance";
import { laneRestMs } from "./backoff";
import { deliverBatch } from "./deliver";
import { batchesPerTurn, workspacesAtOnce } from "./limits";
import type { Means } from "./means";
import { type Place, Places } from "./places";
import { reconcileLane } from "./reconcile";
import type { DispatchReport, DueLane } from "./schema";
import { dueLanes, dueWorkspaces, unsettledLanes } from "./store";

const workspacesPerLook = 100;
const lanesPerLook = 1_000;
/** After finding nothing where something was due: somebody else has it. */
const missedRestMs = 25;
/** What throws here rests for a minute at most: it is this process that fails, not the provider. */
const throwsCountedMax = 7;

/** Of what is remembered of lanes and workspaces. */
const keysMax = 10_000;

type Work = "deliver" | "look up";
/** What one piece of work came to: how much there was, and whether the provider answered. */
type Worked = { claimed: number; answered: boolean };

/**
 * One process' share of the work. Runs advance in rounds; lanes are delivered and looked up side by side, each at its own pace, so
 * that one which hangs holds up nobody. Whatever throws rests for a while and harms only itself.
 */
export class Shift {
  readonly done: Omit<DispatchReport, "remaining"> = { advanced: 0, sent: 0, failed: 0, reconciled: 0 };
  private readonly jobs = new Set<Promise<void>>();
  private readonly resting = new Map<string, { untilMs: number; failures: number }>();
  private lastWorkspace: string | null = null;
  /** Of each lane the turn in which it was last begun, and whether the provider was silent then. */
  private readonly turns = new Map<string, number>();
  private readonly silent = new Set<string>();
  private turn = 0;
  /** When the first of what was passed over in this round, because it rests, may be begun. */
  private restsUntilMs = Number.POSITIVE_INFINITY;

  /** `ending`: nothing new is begun once it says so. `onLaneDone`: a lane has room again. */
  constructor(
    private readonly means: Means,
    private readonly ending: () => boolean,
    private readonly onLaneDone: () => void = () => undefined,
    private readonly places = new Places(),
  ) {}

  /** Begins what is due and waits for the part that is quick: advancing. @returns whether there was anything */
  async round(): Promise<boolean> {
    this.restsUntilMs = Number.POSITIVE_INFINITY;
    const advanced = await this.advance();
    const delivering = await this.beginDue("deliver");
    const lookingUp = await this.beginDue("look up");
    return advanced + delivering + lookingUp > 0;
  }

  /** In how many milliseconds something that was due in the last round, and rested, may be begun; infinite when nothing was. */
  get restsMs(): number {
    return Math.max(1, this.restsUntilMs - performance.now());
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
    if (this.ending() || this.rests(key)) return false;
    const slow = lane.failures > 0 || this.silent.has(key);
    const wanted = { key, lane, slow, ...(what === "look up" && { callsMax: 1 }) };
    const place = this.places.take(wanted, performance.now());
    if (place === null) return false;
    this.begin(place, () => (what === "deliver" ? this.deliver(lane, place) : this.lookUp(lane)));
    return true;
  }

  private begin(place: Place, work: () => Promise<Worked>): void {
    this.turn += 1;
    if (this.turns.size > keysMax) this.turns.clear();
    this.turns.set(place.key, this.turn);
    const job = this.guarded(place.key, work).finally(() => {
      this.jobs.delete(job);
      this.places.giveBack(place);
      this.onLaneDone();
    });
    this.jobs.add(job);
  }

  private async guarded(key: string, work: () => Promise<Worked>): Promise<void> {
    try {
      const { claimed, answered } = await work();
      if (claimed === 0) this.rest(key, missedRestMs);
      else this.resting.delete(key);
      if (answered) this.silent.delete(key);
      else this.fellSilent(key);
    } catch (thrown) {
      log.error("a lane could not be worked", thrown, { lane: key });
      this.rest(key);
      this.fellSilent(key);
    }
  }

  private fellSilent(key: string): void {
    if (this.silent.size > keysMax) this.silent.clear();
    this.silent.add(key);
  }

  private async deliver(lane: DueLane, place: Place): Promise<Worked> {
    const worked = { claimed: 0, answered: true };
    let full = true;
    for (let batches = 0; full && worked.answered && batches < batchesPerTurn && !this.ending(); batches += 1) {
      place.sinceMs = performance.now();
      const batch = await deliverBatch(lane, this.means);
      ({ full } = batch);
      worked.claimed += batch.claimed;
      worked.answered = batch.answered;
      this.done.sent += batch.sent;
      this.done.failed += batch.failed;
    }
    return worked;
  }

  private async lookUp(lane: DueLane): Promise<Worked> {
    const { claimed, settled, answered } = await reconcileLane(lane, this.means);
    this.done.reconciled += settled;
    return { claimed, answered };
  }

  private rests(key: string): boolean {
    const untilMs = this.resting.get(key)?.untilMs ?? 0;
    if (untilMs <= performance.now()) return false;
    this.restsUntilMs = Math.min(this.restsUntilMs, untilMs);
    return true;
  }

  private rest(key: string, restMs?: number): void {
    const failures = (this.resting.get(key)?.failures ?? 0) + (restMs === undefined ? 1 : 0);
    const untilMs =
      performance.now() + (restMs ?? laneRestMs(Math.min(failures, throwsCountedMax), this.means.chance()));
    this.resting.set(key, { untilMs, failures });
    if (this.resting.size > keysMax) this.resting.clear();
  }
}
