"use client";

import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from "react";
import { exactTime, relativeTime } from "./relative-time";

const TICK_MS = 10_000;

type Clock = { renderedMs: number; subscribe: (changed: () => void) => () => void; nowMs: () => number };

/** The server's clock, carried on: starts at what the server rendered with, and moves while somebody looks. */
function clockFrom(renderedMs: number): Clock {
  const start = performance.now();
  const watchers = new Set<() => void>();
  let nowMs = renderedMs;
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    nowMs = renderedMs + performance.now() - start;
    for (const changed of watchers) changed();
  };
  const subscribe = (changed: () => void) => {
    watchers.add(changed);
    if (timer === undefined) {
      timer = setInterval(tick, TICK_MS);
      tick();
    }
    return () => {
      watchers.delete(changed);
      if (watchers.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
  return { renderedMs, subscribe, nowMs: () => nowMs };
}

const ClockContext = createContext<Clock>(clockFrom(0));

/** Stands once, in the root layout: hands down the server's time, so that server and browser render the same words, and wrong clocks do no harm. */
export function NowProvider({ nowMs, children }: { nowMs: number; children: ReactNode }) {
  const [clock] = useState(() => clockFrom(nowMs));
  return <ClockContext.Provider value={clock}>{children}</ClockContext.Provider>;
}

/** What the server rendered with until hydration is over (parts of a page may hydrate late), then the time that it is. */
function useNow(): number {
  const { subscribe, nowMs, renderedMs } = useContext(ClockContext);
  return useSyncExternalStore(subscribe, nowMs, () => renderedMs);
}

const never = () => () => undefined;
const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
/** UTC on the server and for the first render, then the browser's zone. */
const useZone = () => useSyncExternalStore(never, browserZone, () => "UTC");

type Props = { at: string | Date; exact?: boolean; className?: string };

/** `<Time at={send.sent_at} />`: "3 min. ago", the exact moment as its title; `exact` shows that instead. */
export function Time({ at, exact = false, className }: Props) {
  const now = useNow();
  const zone = useZone();
  const moment = new Date(at);
  const full = exactTime(moment.getTime(), zone);
  return (
    <time
      dateTime={moment.toISOString()}
      title={full}
      className={className ?? "whitespace-nowrap tabular-nums"}
      // A part of the page that comes to life late may find that the clock has ticked since the server wrote it.
      suppressHydrationWarning
    >
      {exact ? full : relativeTime(moment.getTime(), now)}
    </time>
  );
}
