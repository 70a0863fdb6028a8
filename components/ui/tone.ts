/** What a colour says. Badges, banners and dots share these words. */
export type Tone = "neutral" | "info" | "good" | "warn" | "bad" | "accent";

export const softTone: Record<Tone, string> = {
  neutral: "bg-hover text-muted",
  info: "bg-info-soft text-info",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  accent: "bg-accent-soft text-accent",
};
