import { z } from "zod";

export const themes = ["system", "light", "dark"] as const;
export const theme = z.enum(themes).catch("system");
export type Theme = z.infer<typeof theme>;

/** Where the choice is kept: the server reads it, so that the first paint is right. */
export const THEME_COOKIE = "theme";
