import * as z from "zod";

export const theme = z.enum(["system", "light", "dark"]).catch("system");
export type Theme = z.infer<typeof theme>;

/** Where the choice is kept: the server reads it, so that the first paint is right. */
export const THEME_COOKIE = "theme";
