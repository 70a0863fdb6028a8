/** Ways through the builder that its specs take. */
import { expect, type Locator, type Page } from "@playwright/test";
import { heading } from "./screens";

const tab = (page: Page, name: string) => page.getByRole("tablist", { name: "View" }).getByRole("tab", { name });

export const openTab = (page: Page, name: "Flow" | "JSON"): Promise<void> => tab(page, name).click();

/** What is edited, as the API would take it. Leaves the tab open. */
export async function json(page: Page): Promise<unknown> {
  await openTab(page, "JSON");
  return JSON.parse(await page.getByLabel("Definition as JSON").inputValue());
}

export async function reload(page: Page, name: string): Promise<void> {
  await page.reload();
  await heading(page, name);
}

export async function savedDraft(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save draft" }).click();
  await expect(page.getByText("Draft saved.")).toBeVisible();
}

/** A new draft, open in the builder. */
export async function start(page: Page, slug: string, name: string, event: string): Promise<void> {
  await page.goto(`/${slug}/automations/new`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Event").fill(event);
  await page.getByRole("button", { name: "Create draft" }).click();
  await expect(page.getByRole("button", { name: "Save draft" })).toBeVisible();
}

/** Adds a step at the end of the last list within. */
export async function addStep(within: Locator, kind: RegExp): Promise<void> {
  await within.getByRole("button", { name: "Add step" }).last().click();
  await within.page().getByRole("menuitem", { name: kind }).click();
}

/** The fields of the nth comparison within. */
export const condition = (within: Locator, number: number) => ({
  field: within.getByLabel("Field", { exact: true }).nth(number),
  op: within.getByLabel("Operator", { exact: true }).nth(number),
});
