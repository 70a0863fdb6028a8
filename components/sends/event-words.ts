import {
  ArrowUpRight,
  Ban,
  CircleAlert,
  CircleX,
  Clock,
  Flag,
  Info,
  type LucideIcon,
  MailCheck,
  MailOpen,
  MailX,
  MousePointerClick,
  Pause,
  Send,
  SkipForward,
  UserCheck,
  UserMinus,
  UserPlus,
} from "lucide-react";
import type { Tone } from "@/components/ui/tone";
import { reasonSentence } from "@/lib/dispatch/schema";

type Data = Readonly<Record<string, unknown>>;
/** A line of a send's history for people: `said` is our sentence, `quoted` are words of the provider or the recipient's server. */
export type EventWords = { title: string; icon: LucideIcon; tone: Tone; said: string | null; quoted: string | null };
type Row = { title: string; icon: LucideIcon; tone: Tone; words?: (data: Data) => Partial<EventWords> };

const rows: Record<string, Row> = {
  queued: { title: "Queued", icon: Clock, tone: "neutral" },
  attempt: { title: "Handed to the provider", icon: ArrowUpRight, tone: "info", words: attemptWords },
  sent: { title: "Sent", icon: Send, tone: "info", words: () => ({ said: "The provider took it." }) },
  held: { title: "Held", icon: Pause, tone: "warn", words: (data) => decided(data) },
  skipped: { title: "Skipped", icon: SkipForward, tone: "neutral", words: (data) => decided(data, "skipped") },
  marked_sent: { title: "Marked as sent", icon: UserCheck, tone: "info", words: byPerson },
  sent_again: {
    title: "To be sent again",
    icon: UserCheck,
    tone: "info",
    words: (data) => ({ ...byPerson(data), ...(data.was === "late" && { title: "To be sent after all" }) }),
  },
  failed: { title: "Failed", icon: CircleX, tone: "bad", words: (data) => ({ ...refused(data), ...decided(data) }) },
  delivered: {
    title: "Delivered",
    icon: MailCheck,
    tone: "good",
    words: (data) => ({ quoted: text(data, "details") }),
  },
  opened: { title: "Opened", icon: MailOpen, tone: "good", words: (data) => ({ said: place(data) }) },
  clicked: { title: "Clicked", icon: MousePointerClick, tone: "good", words: clickWords },
  bounced: { title: "Bounced", icon: MailX, tone: "bad", words: refused },
  complained: { title: "Reported as spam", icon: Flag, tone: "bad", words: refused },
  transient: { title: "Word from the recipient's server", icon: Info, tone: "neutral", words: refused },
  suppressed: { title: "Suppressed", icon: Ban, tone: "bad", words: subscriptionWords },
  unsubscribed: { title: "Unsubscribed", icon: UserMinus, tone: "warn", words: subscriptionWords },
  resubscribed: { title: "Subscribed again", icon: UserPlus, tone: "good", words: subscriptionWords },
};

/** What one line of a send's history says. A kind that is new to us is shown by its name. */
export function eventWords({ type, data }: { type: string; data: Data }): EventWords {
  const row = Object.hasOwn(rows, type) ? rows[type] : undefined;
  const { title, icon, tone } = row ?? { title: spelled(type), icon: CircleAlert, tone: "neutral" };
  return { title, icon, tone, said: null, quoted: null, ...row?.words?.(data) };
}

/** `hard_bounce` → `Hard bounce`. */
function spelled(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A stored reason in words, as it is said of this kind of decision or status; a code that the engine does not know is spelled out. */
export const reasonWords = (code: string, kind?: string): string => reasonSentence(code, kind) ?? `${spelled(code)}.`;

const outcomes: Record<string, string> = {
  accepted: "It took the email.",
  refused: "It refused the email.",
  not_sent: "The call did not get through, so nothing was sent.",
  absent: "Looked up later: the provider does not have it, so nothing was sent.",
};

function attemptWords(data: Data): Partial<EventWords> {
  const { number, code } = data;
  const outcome = outcomes[text(data, "outcome") ?? ""] ?? "No answer is known yet.";
  return {
    ...(typeof number === "number" && number > 1 && { title: `Handed to the provider, attempt ${number}` }),
    said: typeof code === "number" ? `${outcome.replace(/\.$/, "")} (code ${code}).` : outcome,
    quoted: text(data, "detail"),
  };
}

/** A decision of a person, with who it was. Of a test only the note on the send tells. */
function byPerson(data: Data): Partial<EventWords> {
  const by = text(data, "by");
  const reason = text(data, "reason");
  const said = reason === null ? null : reasonWords(reason);
  return { said: by === null ? (text(data, "detail") ?? said) : [`By ${by}.`, said].filter(Boolean).join(" ") };
}

function decided(data: Data, kind?: string): Partial<EventWords> {
  const reason = text(data, "reason");
  if (reason === "skipped_by_person") return byPerson(data);
  return reason === null ? {} : { said: reasonWords(reason, kind), quoted: text(data, "detail") };
}

/** What a provider tells of a message that came back: what it is, and the words of the recipient's server. */
function refused(data: Data): Partial<EventWords> {
  const name = text(data, "name") ?? text(data, "type");
  const said = [name, text(data, "description")].filter((part) => part !== null).join(": ");
  return { said: said || null, quoted: text(data, "details") };
}

function clickWords(data: Data): Partial<EventWords> {
  return { said: place(data), quoted: text(data, "link") };
}

const origins: Record<string, string> = {
  recipient: "By the recipient",
  customer: "By someone of this workspace",
  admin: "By an admin of the provider",
};

function subscriptionWords(data: Data): Partial<EventWords> {
  const who = origins[text(data, "origin")?.toLowerCase() ?? ""];
  const stream = text(data, "stream");
  const said = [who, stream && `on the stream ${stream}`].filter(Boolean).join(", ");
  return { said: said === "" ? null : `${said}.` };
}

const place = (data: Data): string | null =>
  ["client", "os", "geo"].flatMap((name) => text(data, name) ?? []).join(" · ") || null;

function text(data: Data, name: string): string | null {
  const value = Object.hasOwn(data, name) ? data[name] : null;
  return typeof value === "string" && value !== "" ? value : null;
}
