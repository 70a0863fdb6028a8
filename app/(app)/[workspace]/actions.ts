"use server";

import { cookies } from "next/headers";
import { THEME_COOKIE, type Theme, theme } from "@/components/layout/theme";
import { resumeSendingOperation } from "@/lib/sends/operations";
import { action } from "@/lib/web/action";

const YEAR_SECONDS = 365 * 24 * 3600;

/** Keeps the choice of theme with the browser. */
export async function setTheme(chosen: Theme): Promise<void> {
  const value = theme.parse(chosen);
  (await cookies()).set(THEME_COOKIE, value, { maxAge: YEAR_SECONDS, sameSite: "lax", path: "/", httpOnly: true });
}

export const resumeSending = action(resumeSendingOperation);
