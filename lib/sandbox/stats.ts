import "server-only";
import { type Answer, json, refuse } from "./answer";
import type { Call } from "./call";
import { trackedLinks } from "./render";
import type { Message, WorldState } from "./state";
import { findStream, unknownStream } from "./streams";
import { easternDay, parseEastern } from "./time";

const yearMs = 366 * 86_400_000;
type Count = { atMs: number; key: string };
type Window = {
  messages: Message[];
  fromMs: number;
  toMs: number;
  stream: string | undefined;
  tag: string | undefined;
};

/** `GET /stats/outbound`: counts recipients, of all streams unless one is named. */
export function outboundOverview(world: WorldState, call: Call): Answer {
  const window = readWindow(world, call);
  if ("refusal" in window) return window.refusal;
  const { messages } = window;
  const sum = (count: (message: Message) => number) => messages.reduce((n, m) => n + count(m), 0);
  const bounces = bouncesOf(world, window);
  const sent = sum(reached);
  const bounced = bounces.filter((b) => b.key !== "SMTPApiError" && b.key !== "SpamComplaint").length;
  const complaints = bounces.filter((b) => b.key === "SpamComplaint").length;
  const percent = (n: number) => (sent === 0 ? 0 : Math.round((n / sent) * 100_000) / 1000);
  const opens = engagement(window, "Opened");
  const clicks = engagement(window, "LinkClicked");
  const uniqueOpens = opens.filter((e) => e.first).length;
  return json({
    Sent: sent,
    Bounced: bounced,
    SMTPApiErrors: bounces.filter((b) => b.key === "SMTPApiError").length,
    BounceRate: percent(bounced),
    SpamComplaints: complaints,
    SpamComplaintsRate: percent(complaints),
    Opens: opens.length,
    UniqueOpens: uniqueOpens,
    Tracked: sum((m) => (isTracked(m) ? reached(m) : 0)),
    WithLinkTracking: sum((m) => (m.trackLinks === "None" ? 0 : reached(m))),
    WithOpenTracking: sum((m) => (m.trackOpens ? reached(m) : 0)),
    TotalTrackedLinksSent: sum((m) => trackedLinks(m).length * reached(m)),
    UniqueLinksClicked: clicks.filter((e) => e.first).length,
    TotalClicks: clicks.length,
    WithClientRecorded: uniqueOpens,
    WithPlatformRecorded: uniqueOpens,
    WithReadTimeRecorded: uniqueOpens,
  });
}

/** The eleven series `GET /stats/outbound/…`: days (Eastern) without data are left out. */
export function outboundSeries(world: WorldState, call: Call): Answer {
  const window = readWindow(world, call);
  if ("refusal" in window) return window.refusal;
  return json(series(countsFor(world, window, (call.params[0] ?? "").toLowerCase())));
}

function countsFor(world: WorldState, window: Window, name: string): Count[] {
  const opens = engagement(window, "Opened");
  const clicks = engagement(window, "LinkClicked");
  const firstOpens = opens.filter((e) => e.first);
  const all = (events: { atMs: number }[], key: string) => events.map(({ atMs }) => ({ atMs, key }));
  const perRecipient = (key: string, wanted: (m: Message) => boolean) =>
    window.messages
      .filter(wanted)
      .flatMap((m) => m.recipients.filter((r) => !r.skipped).map(() => ({ atMs: m.acceptedAtMs, key })));
  switch (name) {
    case "sends":
      return perRecipient("Sent", () => true);
    case "bounces":
      return bouncesOf(world, window).filter((b) => b.key !== "SpamComplaint");
    case "spam":
      return bouncesOf(world, window).filter((b) => b.key === "SpamComplaint");
    case "tracked":
      return perRecipient("Tracked", isTracked);
    case "opens":
      return [...all(opens, "Opens"), ...all(firstOpens, "Unique")];
    case "opens/platforms":
      return all(firstOpens, "Desktop");
    case "opens/emailclients":
      return all(firstOpens, "Chrome");
    case "opens/readtimes":
      return all(firstOpens, "5s");
    case "clicks":
      return [
        ...all(clicks, "Clicks"),
        ...all(
          clicks.filter((e) => e.first),
          "Unique",
        ),
      ];
    case "clicks/browserfamilies":
      return all(clicks, "Chrome");
    case "clicks/platforms":
      return all(clicks, "Desktop");
    case "clicks/location":
      return clicks.map(({ atMs, details }) => ({ atMs, key: details.ClickLocation === "Text" ? "Text" : "HTML" }));
    default:
      return [];
  }
}

function series(counts: Count[]): object {
  const days = new Map<string, Record<string, number>>();
  const totals: Record<string, number> = {};
  for (const { atMs, key } of counts) {
    const date = easternDay(atMs);
    const day = days.get(date) ?? {};
    day[key] = (day[key] ?? 0) + 1;
    days.set(date, day);
    totals[key] = (totals[key] ?? 0) + 1;
  }
  const sorted = [...days].sort(([a], [b]) => a.localeCompare(b));
  return { Days: sorted.map(([date, day]) => ({ Date: date, ...day })), ...totals };
}

function readWindow(world: WorldState, call: Call): Window | { refusal: Answer } {
  const no = (code: number, why: string) => ({ refusal: refuse(code, `Sandbox text: ${why}`) });
  if (world.settings.noStats) return no(614, "this plan does not include the stats API.");
  const [from, to] = [call.query.get("fromdate"), call.query.get("todate")];
  const fromMs = from ? parseEastern(from, "from") : 0;
  const toMs = to ? parseEastern(to, "to") : Number.MAX_SAFE_INTEGER;
  if (fromMs === undefined || toMs === undefined) return no(900, "dates are written YYYY-MM-DD.");
  if (from && fromMs < world.clock.nowMs() - yearMs) return no(1500, "FromDate is more than one year ago.");
  if (fromMs > toMs) return no(1502, "FromDate is after ToDate.");
  const named = call.query.get("messagestream");
  const stream = named ? findStream(world, named)?.id : undefined;
  if (named && !stream) return { refusal: unknownStream() };
  const tag = call.query.get("tag");
  const messages = [...world.messages.values()].filter(
    (m) =>
      m.heldBy === null &&
      m.acceptedAtMs >= fromMs &&
      m.acceptedAtMs <= toMs &&
      (!stream || m.stream === stream) &&
      (!tag || m.tag === tag),
  );
  return { messages, fromMs, toMs, stream, tag };
}

const reached = (message: Message) => message.recipients.filter((r) => !r.skipped).length;
const isTracked = (message: Message) => message.trackOpens || message.trackLinks !== "None";

function engagement(window: Window, type: "Opened" | "LinkClicked") {
  return window.messages.flatMap((m) => m.events.filter((e) => e.type === type));
}

function bouncesOf(world: WorldState, window: Window): Count[] {
  return world.bounces
    .filter((b) => b.atMs >= window.fromMs && b.atMs <= window.toMs)
    .filter((b) => (!window.stream || b.stream === window.stream) && (!window.tag || b.tag === window.tag))
    .map((b) => ({ atMs: b.atMs, key: b.type }));
}
