import type { Send } from "@/lib/sends/schema";

const recentMs = 3600 * 1000;

/** Whether something is likely to happen to a send while one looks at it: it is not settled, or it left within the hour. */
export const isLive = ({ status, sent_at: sentAt }: Pick<Send, "status" | "sent_at">, nowMs: number): boolean =>
  ["queued", "sending", "unknown"].includes(status) || (sentAt !== null && nowMs - Date.parse(sentAt) < recentMs);
