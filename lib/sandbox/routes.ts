import "server-only";
import { notHere, refuse } from "./answer";
import { activateBounce, deliveryStats, dumpBounce, getBounce, listBounces } from "./bounces";
import type { Handler } from "./call";
import { hookStatistics } from "./hook-statistics";
import { listClicks, listOpens, messageDetails, messageDump, searchMessages } from "./search";
import { sendBatch, sendOne } from "./send";
import { editServer, getServer, getServerById, listServers } from "./server-record";
import { outboundOverview, outboundSeries } from "./stats";
import { archiveStream, createStream, editStream, getStream, listStreams, unarchiveStream } from "./streams";
import { createSuppressions, deleteSuppressions, dumpSuppressions } from "./suppressions";
import { createWebhook, deleteWebhook, editWebhook, getWebhook, listWebhooks, verifyWebhook } from "./webhooks";

export type Route = {
  method: string;
  pattern: RegExp;
  family: "server" | "account";
  /** A JSON body is demanded; otherwise one is not even looked at. */
  json: boolean;
  /** Takes messages: the test token is good, and fault rules on acceptance apply. */
  isSend: boolean;
  bytesMax: number;
  run: Handler;
};

const megabyte = 1024 * 1024;
const notEnabled: Handler = () => refuse(14, "Sandbox text: the Bulk API is not enabled for this account.");
const absent =
  (what: string): Handler =>
  () =>
    notHere(what);

/** All that the sandbox answers. `:name` is one segment, `*` the rest. */
const routes: Route[] = [
  send("/email", sendOne, 10),
  send("/email/batch", sendBatch, 50),
  send("/email/withTemplate", absent("sending with a template"), 10),
  send("/email/batchWithTemplates", absent("sending with templates"), 50),
  route("POST", "/email/bulk", notEnabled),
  route("GET", "/email/bulk", notEnabled),
  route("GET", "/email/bulk/:id", notEnabled),

  route("GET", "/message-streams", listStreams),
  route("POST", "/message-streams", createStream),
  route("GET", "/message-streams/:id", getStream),
  route("PATCH", "/message-streams/:id", editStream),
  bare("POST", "/message-streams/:id/archive", archiveStream),
  bare("POST", "/message-streams/:id/unarchive", unarchiveStream),
  route("GET", "/message-streams/:id/suppressions/dump", dumpSuppressions),
  route("POST", "/message-streams/:id/suppressions", createSuppressions),
  route("POST", "/message-streams/:id/suppressions/delete", deleteSuppressions),

  route("GET", "/deliverystats", deliveryStats),
  route("GET", "/bounces", listBounces),
  route("GET", "/bounces/:id", getBounce),
  route("GET", "/bounces/:id/dump", dumpBounce),
  bare("PUT", "/bounces/:id/activate", activateBounce),

  route("GET", "/webhooks", listWebhooks),
  route("POST", "/webhooks", createWebhook),
  route("GET", "/webhooks/:id", getWebhook),
  route("PUT", "/webhooks/:id", editWebhook),
  route("DELETE", "/webhooks/:id", deleteWebhook),
  bare("POST", "/webhooks/:id/verify", verifyWebhook),
  route("GET", "/webhooks/:id/statistics", hookStatistics),

  route("GET", "/stats/outbound", outboundOverview),
  ...["sends", "bounces", "spam", "tracked", "opens", "clicks"].map((s) =>
    series(`/stats/outbound/(${s})`, outboundSeries),
  ),
  series("/stats/outbound/(opens/(?:platforms|emailclients|readtimes))", outboundSeries),
  series("/stats/outbound/(clicks/(?:browserfamilies|platforms|location))", outboundSeries),

  route("GET", "/messages/outbound", searchMessages),
  route("GET", "/messages/outbound/opens", listOpens),
  route("GET", "/messages/outbound/opens/:id", listOpens),
  route("GET", "/messages/outbound/clicks", listClicks),
  route("GET", "/messages/outbound/clicks/:id", listClicks),
  route("GET", "/messages/outbound/:id/details", messageDetails),
  route("GET", "/messages/outbound/:id/dump", messageDump),

  route("GET", "/server", getServer),
  route("PUT", "/server", editServer),
  account("GET", "/servers", listServers),
  account("GET", "/servers/:id", getServerById),

  ...["GET", "POST"].flatMap((method) => [
    route(method, "/templates", absent("the templates API")),
    account(method, "/domains", absent("the domains API")),
    account(method, "/senders", absent("the sender signatures API")),
    route(method, "/messages/inbound", absent("inbound mail")),
    route(method, "/triggers/inboundrules", absent("inbound mail")),
    account(method, "/data-removals", absent("data removal")),
  ]),
  ...["GET", "PUT", "POST", "DELETE"].flatMap((method) => [
    route(method, "/templates/*", absent("the templates API")),
    account(method, "/domains/*", absent("the domains API")),
    account(method, "/senders/*", absent("the sender signatures API")),
  ]),
];

export type Found =
  | { kind: "route"; route: Route; params: string[] }
  | { kind: "wrongMethod" }
  | { kind: "unknownPath" };

/** The route of a path below its world; case and a trailing slash do not matter. */
export function findRoute(method: string, path: string): Found {
  const clean = path.length > 1 ? path.replace(/\/$/, "") : path;
  let known = false;
  for (const candidate of routes) {
    const match = candidate.pattern.exec(clean);
    if (!match) continue;
    known = true;
    if (candidate.method === method) {
      const params = match.slice(1).map((p) => (p.includes("%") ? safeDecode(p) : p));
      return { kind: "route", route: candidate, params };
    }
  }
  return known ? { kind: "wrongMethod" } : { kind: "unknownPath" };
}

function route(method: string, path: string, run: Handler): Route {
  const json = method !== "GET" && method !== "DELETE";
  return { method, pattern: compile(path), family: "server", json, isSend: false, bytesMax: 10 * megabyte, run };
}

function bare(method: string, path: string, run: Handler): Route {
  return { ...route(method, path, run), json: false };
}

function account(method: string, path: string, run: Handler): Route {
  return { ...route(method, path, run), family: "account" };
}

function series(pattern: string, run: Handler): Route {
  return { ...route("GET", "/", run), pattern: new RegExp(`^${pattern}$`, "i") };
}

function send(path: string, run: Handler, megabytesMax: number): Route {
  return { ...route("POST", path, run), isSend: true, bytesMax: megabytesMax * megabyte };
}

function compile(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, "([^/]+)").replace("*", ".+")}$`, "i");
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % is no escape: it stays as it was sent.
    return text;
  }
}
