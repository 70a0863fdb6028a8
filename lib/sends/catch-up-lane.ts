import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { recordCalls } from "../connections";
import type { Connector, HistoryRefusal, MessageHistory, News } from "../connections/schema";
import { type Db, db } from "../db";
import { log } from "../log";
import { Asking } from "./catch-up-asking";
import { type Lists, readBounces, readEngagement } from "./catch-up-lists";
import {
  type Cursor,
  horizonMs,
  idleMsMax,
  idleMsMin,
  isAskedFor,
  type Look,
  type LookWindow,
  listsAreDue,
  lookWindows,
  restMs,
  webhooksSince,
} from "./catch-up-schedule";
import { fillBounces, fillNews } from "./fill";
import {
  type CatchUpClaim,
  claimCatchUp,
  endCatchUp,
  type LeftSend,
  type NewsLane,
  newestThatLeft,
  nextOfAge,
  saveProgress,
  sendsThatLeft,
} from "./store-catch-up";

/** What catching up is handed from outside. */
export type CatchUpMeans = {
  open: (db: Db, tenant: Tenant, connectionId: string) => Promise<{ connector: Connector }>;
  /** In [0, 1). */
  chance: () => number;
  callsPerHour: number;
  /** Nothing new is asked from then on. */
  isOver: () => boolean;
  /** Called before each thing that a pass does: where a test pulls the plug. */
  step: (name: string) => void | Promise<void>;
};

/** Calls of one pass. The provider answers in some hundred milliseconds, so it ends well within the lease. */
const callsPerPass = 60;
const passMsMax = 10_000;
/** A pass, its last call and saving. */
const leaseMs = 60_000;
const rowsPerPage = 200;
const pagesPerPass = 50;
/** Sends whose news is saved together. */
const storiesPerSave = 20;
/** From so many of one batch on, a search tells first which of them have not left yet. */
const searchFrom = 5;
/** News of a send that left this moment cannot have come. */
const freshMs = 2 * 60_000;
const cannotBeAskedMs = 3_600_000;

export type CaughtUp = { filled: number; calls: number };

/**
 * One pass over a lane: claim → lists → looks at sends whose turn it is → give back. What it learns is saved as it goes, so that whoever
 * comes after a crash goes on from there. Null: the lane is somebody's, not its turn, or its connection has no calls left this hour.
 */
export async function catchUpLane(lane: NewsLane, means: CatchUpMeans): Promise<CaughtUp | null> {
  const tenant = systemTenant(lane.workspaceId);
  await means.step("claim");
  const { callsPerHour } = means;
  const claim = await claimCatchUp(db, tenant, lane, { leaseMs, callsPerPass, callsPerHour });
  if (claim === null) return null;
  const endMs = performance.now() + passMsMax;
  const asking = new Asking(claim.calls, () => means.isOver() || performance.now() > endMs);
  const pass = new Pass(lane, tenant, claim, asking, means);
  let trouble: string | null = null;
  try {
    await pass.run();
  } catch (thrown) {
    log.error("news of a lane could not be asked for", thrown, { ...lane });
    trouble = "It could not be asked, or what it said could not be stored. The server's log says why.";
  }
  await pass.end(trouble);
  await recordCalls(db, tenant, { connectionId: lane.connectionId, call: "history" }, asking.calls);
  return { filled: pass.filled, calls: asking.made };
}

class Pass {
  filled = 0;
  private readonly cursors: Map<string, Cursor>;
  private listedUntil: Date | null;
  private listedAt: Date | null;
  private askable = true;
  private lost = false;
  private readonly now: Date;

  constructor(
    private readonly lane: NewsLane,
    private readonly tenant: Tenant,
    private readonly claim: CatchUpClaim,
    private readonly asking: Asking,
    private readonly means: CatchUpMeans,
  ) {
    this.now = claim.at;
    this.cursors = new Map(claim.state.cursors);
    this.listedUntil = claim.listedUntil;
    this.listedAt = claim.state.listedAt;
  }

  async run(): Promise<void> {
    const { lane, tenant, claim, now } = this;
    const { connector } = await this.means.open(db, tenant, lane.connectionId);
    const { history } = connector;
    this.askable = history !== null;
    const newest = await newestThatLeft(db, tenant, lane, now);
    if (history === null || newest === null || now.getTime() - newest.getTime() > horizonMs) return;
    await this.readLists(history);
    for (const window of lookWindows(claim.state, now)) if (this.goesOn) await this.take(window, history);
  }

  private get goesOn(): boolean {
    return !this.asking.stopped && !this.lost;
  }

  private async readLists(history: MessageHistory): Promise<void> {
    const { lane, tenant, claim, asking, now } = this;
    const newest = await newestThatLeft(db, tenant, lane, new Date(now.getTime() - freshMs));
    const arrive = newest === null || webhooksSince(newest, claim.state.webhookAt);
    if (!listsAreDue(claim.state, arrive, now)) return;
    const lists: Lists = { lane, tenant, history, asking };
    await this.means.step("lists");
    const read = async (until: Date, filled: number) => {
      this.listedUntil = until;
      await this.save(filled);
    };
    const unsaved = await readBounces(lists, { since: this.listedUntil, now, read });
    const filled = await readEngagement(lists, { since: this.listedAt, now });
    if (!asking.stopped) this.listedAt = now;
    await this.save(unsaved + filled);
  }

  /** Walks a look's window, as far as calls and time go. */
  private async take({ look, after, until }: LookWindow, history: MessageHistory): Promise<void> {
    let cursor = after;
    for (let page = 0; page < pagesPerPass && this.goesOn; page += 1) {
      const sends = await sendsThatLeft(db, this.tenant, this.lane, { after: cursor, until, limit: rowsPerPage });
      cursor = (await this.takePage(sends, look, history)) ?? cursor;
      if (sends.length < rowsPerPage) return;
    }
    // So many that need no asking: the next pass goes on.
    this.asking.stopped = true;
  }

  /** @returns how far it came */
  private async takePage(sends: readonly LeftSend[], look: Look, history: MessageHistory): Promise<Cursor | null> {
    const asked = sends.filter((send) => isAskedFor(send, look, this.claim.state.webhookAt));
    const waiting = await this.waitingMessages(asked, history);
    const turn = new Set(asked.filter(({ messageId }) => !waiting.has(messageId)));
    let told: Told = { stories: 0, news: [], bounces: [] };
    let reached: Cursor | null = null;
    for (const send of sends) {
      if (turn.has(send) && !(await this.hear(send, told, history))) break;
      reached = { at: send.sentAt, id: send.id };
      if (told.stories < storiesPerSave) continue;
      await this.keep(told, look, reached);
      told = { stories: 0, news: [], bounces: [] };
      if (this.lost) break;
    }
    await this.keep(told, look, reached);
    return reached;
  }

  /** Of batches that many are asked for of: the messages that have not left, of which there is nothing to tell. */
  private async waitingMessages(asked: readonly LeftSend[], history: MessageHistory): Promise<Set<string | null>> {
    const waiting = new Set<string | null>();
    const batches = new Map<string, LeftSend[]>();
    for (const send of asked)
      if (send.batchId !== null) batches.set(send.batchId, [...(batches.get(send.batchId) ?? []), send]);
    for (const [batchId, sends] of batches) {
      const [oldest] = sends;
      if (sends.length < searchFrom || oldest === undefined) continue;
      const query = { stream: this.lane.stream, batchId, since: oldest.sentAt, offset: 0 };
      const found = await this.asking.ask(() => history.messages(query));
      for (const message of found?.items ?? []) if (message.waiting) waiting.add(message.messageId);
    }
    return waiting;
  }

  /** Asks what happened to one send. @returns whether that could be asked to the end */
  private async hear(send: LeftSend, told: Told, history: MessageHistory): Promise<boolean> {
    const { messageId, sentAt } = send;
    if (messageId === null) return true;
    await this.means.step("message");
    const story = await this.asking.ask(() => history.message(messageId));
    if (story === null) return false;
    told.stories += 1;
    if (story.kind === "gone") return true;
    told.news.push(...story.news);
    if (!story.bounced) return true;
    const query = { stream: this.lane.stream, since: sentAt, until: this.now, messageId, offset: 0 };
    const page = await this.asking.ask(() => history.bounces(query));
    told.bounces.push(...(page?.items ?? []));
    return page !== null;
  }

  /** Stores what was heard, and then how far it came: a crash in between has it heard again, which changes nothing. */
  private async keep({ news, bounces }: Told, look: Look, reached: Cursor | null): Promise<void> {
    const { tenant, lane } = this;
    await this.means.step("fill");
    const filled =
      (news.length === 0 ? 0 : await fillNews(tenant, lane.connectionId, news)) +
      (bounces.length === 0 ? 0 : await fillBounces(tenant, lane.connectionId, bounces));
    if (reached !== null) this.cursors.set(look.key, reached);
    await this.means.step("save");
    await this.save(filled);
  }

  private async save(filled: number): Promise<void> {
    const { lane, tenant, claim, cursors, listedUntil, listedAt } = this;
    this.filled += filled;
    const mine = await saveProgress(db, tenant, lane, { ...claim, cursors, listedUntil, listedAt, filled });
    if (!mine && !this.lost) log.info("a lane was caught up by somebody else meanwhile", { ...lane });
    this.lost ||= !mine;
  }

  /** Gives the lane back. `trouble`: what went wrong on our side. */
  async end(trouble: string | null): Promise<void> {
    const { lane, tenant, claim, asking } = this;
    const error = trouble ?? (asking.refusal === null ? null : sentenceOf(asking.refusal));
    const failures = error === null ? 0 : claim.failures + 1;
    await this.means.step("end");
    await endCatchUp(db, tenant, lane, claim, {
      done: error === null && !asking.stopped,
      dueInMs: error === null ? await this.restingMs() : restMs(failures, this.pauseMs, this.means.chance()),
      failures,
      error,
      callsLeft: asking.left,
    });
  }

  private get pauseMs(): number | null {
    return this.asking.refusal?.retryAfterMs ?? null;
  }

  /** Until the next send comes of age, or one that has not left yet may. */
  private async restingMs(): Promise<number> {
    if (!this.askable) return cannotBeAskedMs;
    if (this.asking.stopped) return idleMsMin;
    const { webhookAt } = this.claim.state;
    const windows = lookWindows({ ...this.claim.state, cursors: this.cursors, asked: false }, this.now);
    const next = await nextOfAge(db, this.tenant, this.lane, windows);
    const nextMs = next === null ? idleMsMax(webhookAt) : next.getTime() - this.now.getTime();
    return Math.min(Math.max(nextMs, idleMsMin), idleMsMax(webhookAt));
  }
}

type Told = { stories: number; news: News[]; bounces: News[] };

function sentenceOf({ about, cause }: HistoryRefusal): string {
  if (about === "credentials") return `The provider refuses the server token: ${cause}.`;
  if (about === "pace") return "The provider asked for a pause between calls; it is asked again later.";
  return `The provider could not be asked: ${cause}.`;
}
