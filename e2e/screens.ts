/** Ways through the screens that several specs take, as a user takes them: by what is written on things. */
import { expect, type Locator, type Page } from "@playwright/test";

/** Opens a page of the sidebar. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole("complementary").getByRole("link", { name, exact: true }).click();
  await heading(page, name);
}

export const heading = (page: Page, name: string | RegExp): Promise<void> =>
  expect(page.getByRole("heading", { level: 1, name })).toBeVisible();

/** The row of a table that holds a text. */
export const row = (page: Page, text: string): Locator => page.getByRole("row").filter({ hasText: text });

/** Confirms in the dialog that is open. */
export async function confirm(page: Page, button: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: button, exact: true }).click();
}

/**
 * Does something on a page and gives what the page then asked of the server, to be asked again by somebody else: a control that is
 * missing or disabled proves nothing about the server behind it.
 */
export async function recorded(page: Page, act: () => Promise<void>): Promise<(other: Page) => Promise<string>> {
  const asking = page.waitForRequest((request) => "next-action" in request.headers());
  await act();
  const request = await asking;
  const { cookie: _, "content-length": __, ...headers } = await request.allHeaders();
  const data = request.postDataBuffer();
  if (data === null) throw new Error("The page asked the server for nothing.");
  return async (other) => (await other.request.post(request.url(), { headers: ordinary(headers), data })).text();
}

/** Without the pseudo-headers of HTTP/2. */
const ordinary = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":") && name !== "host"));
