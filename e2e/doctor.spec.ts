import { expect, signIn, test } from "./fixtures";
import { confirm, heading } from "./screens";

test("from a pasted token to a connection with nothing broken, by clicking only Fix", async ({
  page,
  workspace,
  postmark,
}) => {
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/configuration/connections/new/postmark`);
  await page.getByLabel("Connection name").fill("Production");
  await page.getByLabel("Server API token").fill(postmark.serverToken);
  await page.getByLabel("From address").fill("hello@example.com");
  await page.getByRole("button", { name: "Add Connection" }).click();
  await heading(page, "Production");

  const broken = page.getByRole("listitem").filter({ hasText: "Broken:" });
  await expect(page.getByRole("button", { name: "Check again" })).toBeVisible();
  await expect(broken.filter({ hasText: "Webhooks" })).toBeVisible(); // nobody has registered any
  for (let fixes = 0; fixes < 6 && (await broken.count()) > 0; fixes += 1) {
    const button = broken.first().getByRole("button").first();
    const name = (await button.textContent()) ?? "";
    const summary = (await broken.first().textContent()) ?? "";
    await button.click();
    await expect(page.getByRole("dialog").getByText("This is what will be done:")).toBeVisible();
    await confirm(page, name.trim());
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(broken.filter({ hasText: summary })).toHaveCount(0);
  }
  await expect(broken).toHaveCount(0);
  await expect(page.getByText(/Nothing is broken/)).toBeVisible();

  await page.getByRole("button", { name: "Send a message round the loop" }).click();
  await confirm(page, "Send a message round the loop");
  const round = page.getByText(/accepted after .*found by search after .*webhook arrived after/);
  await expect(round).toBeAttached({ timeout: 30_000 }); // what is good is folded away
  await page.getByText(/checks are good$/).click();
  await expect(round).toBeVisible();
});
