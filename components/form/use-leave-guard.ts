"use client";

import { useEffect } from "react";

const question = "There are changes that were not saved. Leave without them?";

/** Asks before the page is left by a link, by closing it, or by another address, while it holds what was not saved. */
export function useLeaveGuard(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const leaving = (event: BeforeUnloadEvent) => event.preventDefault();
    // Links within the product change the page without unloading it.
    const followed = (event: MouseEvent) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
      if (link === null || link.target === "_blank" || link.origin !== location.origin) return;
      if (link.pathname === location.pathname || window.confirm(question)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("beforeunload", leaving);
    document.addEventListener("click", followed, { capture: true });
    return () => {
      window.removeEventListener("beforeunload", leaving);
      document.removeEventListener("click", followed, { capture: true });
    };
  }, [active]);
}
