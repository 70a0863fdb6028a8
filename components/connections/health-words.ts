import type { ConnectionHealth } from "@/lib/connections/schema";

const outcomeWords: Record<string, string> = {
  unknown: "No answer",
  not_sent: "Not taken, tried again",
  call_refused: "Call refused",
  inactive: "Address inactive at the provider",
  refused: "Email refused",
  sender_refused: "Sender address refused",
  blocked: "Stream or account refused",
};

/** What an error is called, with the provider's code: `Email refused (300)`. */
export const errorWords = ({ outcome, code }: Pick<ConnectionHealth["errors"][number], "outcome" | "code">): string =>
  `${outcomeWords[outcome] ?? outcome}${code === null ? "" : ` (${code})`}`;

/** `98.5 %`; nothing said where there is nothing to say. */
export const percentWords = (share: number | null): string =>
  share === null ? "–" : `${(Math.floor(share * 1000) / 10).toLocaleString("en")} %`;

/** `340 ms`, `2.1 s`. */
export const msWords = (ms: number | null): string => {
  if (ms === null) return "–";
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} s`;
};

/** `Nov 22, 14:00` for an hour, `Nov 22` for a day; both UTC. */
export const bucketWords = (at: string, bucket: ConnectionHealth["bucket"]): string =>
  new Date(at).toLocaleString("en", {
    timeZone: "UTC",
    month: "short",
    day: "numeric",
    ...(bucket === "hour" && { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  });

/** A rate of what was sent; null without any. */
export const shareOf = (count: number, sent: number): number | null => (sent === 0 ? null : count / sent);
