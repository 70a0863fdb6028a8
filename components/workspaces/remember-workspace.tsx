"use client";

import { useEffect } from "react";
import { LAST_WORKSPACE_COOKIE } from "./last-workspace";

const YEAR_SECONDS = 365 * 24 * 3600;

/** Stands in the workspace's layout, so that the start page leads back here. */
export function RememberWorkspace({ slug }: { slug: string }) {
  useEffect(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
    document.cookie = `${LAST_WORKSPACE_COOKIE}=${slug}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }, [slug]);
  return null;
}
