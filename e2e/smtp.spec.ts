import { startMailServer } from "../lib/connections/testing/mail-server";
import { makeAutomation } from "./api";
import { expect, signIn, test, unique } from "./fixtures";
import { heading } from "./screens";

test("a connection by SMTP sends, says what is wrong in words, and moves to native Postmark in place", async ({
  page,
  workspace,
  postmark,
}) => {
  const mailServer = await startMailServer();
  try {
    await signIn(page, workspace.owner);
    await page.goto(`/${workspace.slug}/configuration/connections/new`);
    await page.getByRole("link", { name: /SMTP/ }).first().click();
    await heading(page, "Connect by SMTP");
    await page.getByLabel("Connection name").fill("Relay");
    await page.getByLabel("Host").fill("127.0.0.1");
    await page.getByLabel("Port").fill(String(mailServer.port));
    await page.getByLabel("Encryption").selectOption("none");
    await page.getByLabel("User name").fill("acme");
    await page.getByLabel("Password").fill("not this one");
    await page.getByLabel("From address").fill("hello@example.com");
    await page.getByRole("button", { name: "Validate" }).click();
    await expect(page.getByText(/535/)).toBeVisible();
    await page.getByLabel("Password").fill(mailServer.password);
    await page.getByRole("button", { name: "Add Connection" }).click();
    await heading(page, "Relay");
    await expect(page.getByText("Ready", { exact: true })).toBeVisible();
    const id = page.url().split("/").at(-1) ?? "";

    await makeAutomation(workspace, { id }, { name: "Hello", event: "signed_up" });
    const [first, second] = [`${unique("ana")}@example.com`, `${unique("ben")}@example.com`];
    await workspace.api.track("signed_up", { id: unique("u"), email: first });
    await expect.poll(() => mailServer.taken.map(({ to }) => to)).toEqual([first]);
    expect(mailServer.taken[0]?.raw).toMatch(/List-Unsubscribe:\s+<http/);

    await page.getByRole("button", { name: "Move to native Postmark" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Server API token").fill(postmark.serverToken);
    await dialog.getByRole("button", { name: "Validate and move" }).click();
    await expect(page.getByText("Moved: mail leaves through Postmark’s API from now on.")).toBeVisible();
    await expect(page.getByRole("heading", { name: "Doctor" })).toBeVisible({ timeout: 30_000 });
    expect(page.url()).toContain(id);

    await workspace.api.track("signed_up", { id: unique("v"), email: second });
    await expect.poll(async () => (await postmark.outbox()).map(({ to }) => to)).toEqual([second]);
    expect(mailServer.taken.map(({ to }) => to)).toEqual([first]);
  } finally {
    await mailServer.close();
  }
});
