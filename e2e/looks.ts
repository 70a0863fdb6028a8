/** How a page looks to everybody: what axe finds on it, and whether it is wider than the screen. */
import fs from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";

const axe = fs.readFileSync(createRequire(`${process.cwd()}/`).resolve("axe-core/axe.min.js"), "utf8");

export type Theme = "light" | "dark";

const on = (name: string, viewport: { width: number; height: number }) => ({
  name: `on a ${name}`,
  use: { viewport, hasTouch: viewport.width < 500 },
});
/** The screens that a page is looked at on; `use` is for `test.use`. */
export const devices = [on("desk", { width: 1280, height: 800 }), on("phone", { width: 375, height: 720 })];

/** Runs it once in each theme, beginning with the one that is on. */
export async function inBothThemes(page: Page, act: (theme: Theme) => Promise<void>): Promise<void> {
  const isDark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  const [first, second]: [Theme, Theme] = isDark ? ["dark", "light"] : ["light", "dark"];
  await act(first);
  await page.emulateMedia({ colorScheme: second });
  // Half-way between two themes a colour has no contrast.
  await page.evaluate(() => {
    for (const change of document.getAnimations()) if (change instanceof CSSTransition) change.finish();
  });
  await act(second);
}

type Axe = { run: (options: RunOptions) => Promise<AxeResults> };

/** The dark theme changes colours and nothing else, so only they are looked at again there. */
async function violations(page: Page, theme: Theme): Promise<string[]> {
  await page.evaluate(axe);
  const options: RunOptions = theme === "dark" ? { runOnly: ["color-contrast"] } : {};
  const found = await page.evaluate(
    async (given) => (await (window as unknown as { axe: Axe }).axe.run(given)).violations, // as the script above leaves it
    { ...options, resultTypes: ["violations" as const] },
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.any[0]?.message ?? node.failureSummary}`),
  );
}

/** What is still there after a second look: a colour that is just changing is no fault. */
export async function lastingViolations(page: Page, theme: Theme): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const found = await violations(page, theme);
    if (found.length === 0 || looks === 4) return found;
    await page.waitForTimeout(400 * looks);
  }
}

/** How far the page can be scrolled sideways, in pixels. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
