"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Reads the page again every so often while it is looked at: `<LiveRefresh everyMs={4000} />`. What is being typed stays. */
export function LiveRefresh({ everyMs }: { everyMs: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, router]);
  return null;
}
