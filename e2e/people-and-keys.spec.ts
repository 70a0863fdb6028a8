import type { Page } from "@playwright/test";
import { apiWith } from "./api";
import { expect, newMember, newUser, type Person, signIn, test, unique } from "./fixtures";
import { confirm, heading, recorded, row } from "./screens";

const typeIn = async (page: Page, { email, password }: Person) => {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
};

test("one signs in, lands in the workspace, and signed out, one is out", async ({ page, workspace }) => {
  await page.goto(`/${workspace.slug}/automations`);
  await heading(page, "Sign in");
  await typeIn(page, workspace.owner);
  await heading(page, /Home|Automations/);
  await page.getByRole("button", { name: `Account: ${workspace.owner.email}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(page, "Sign in");
  await page.goto(`/${workspace.slug}`);
  await heading(page, "Sign in");
});

test("who belongs to several workspaces switches between them", async ({ page, workspace }) => {
  await signIn(page, workspace.owner);
  await page.goto("/welcome");
  const second = unique("Second");
  await page.getByLabel("Workspace name").fill(second);
  await page.getByRole("button", { name: "Make workspace" }).click();
  await page.getByRole("button", { name: `Workspace: ${second}` }).click();
  await page.getByRole("menuitem", { name: workspace.name }).click();
  await expect(page).toHaveURL(new RegExp(`/${workspace.slug}$`));
  await expect(page.getByRole("button", { name: `Workspace: ${workspace.name}` })).toBeVisible();
});

test.describe("a password that is guessed at", () => {
  // As if from a network of its own, so that these failures slow nobody else's sign-in down.
  test.use({
    extraHTTPHeaders: { "x-forwarded-for": `10.${Math.floor(Date.now() / 1000) % 250}.${process.pid % 250}.7` },
  });

  test("is refused with a sentence, and after five wrong ones even the right one has to wait", async ({
    page,
    stage,
  }) => {
    expect(stage.appUrl).toBeTruthy();
    const person = await newUser();
    await page.goto("/sign-in");
    for (let attempt = 1; attempt <= 5; attempt++) {
      await typeIn(page, { ...person, password: `wrong password ${attempt}` });
      await expect(page.getByText("The email address or the password is wrong.")).toBeVisible();
      await page.reload();
    }
    await typeIn(page, person);
    await expect(page.getByText(/^Too many failed attempts\. Try again in \d+ minutes?\.$/)).toBeVisible();
  });
});

test("changing the password ends every other session, and this one goes on", async ({ page, browser, workspace }) => {
  const { owner, slug } = workspace;
  const context = await browser.newContext();
  const elsewhere = await context.newPage();
  await signIn(page, owner);
  await signIn(elsewhere, owner);
  await elsewhere.goto(`/${slug}`);
  await heading(elsewhere, "Home");

  await page.goto(`/${slug}/settings/account`);
  await page.getByLabel("Current password", { exact: true }).fill("not the password");
  await page.getByLabel("New password", { exact: true }).fill("another horse battery");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("This is not your current password.")).toBeVisible();
  await page.getByLabel("Current password", { exact: true }).fill(owner.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Password changed.")).toBeVisible();

  await elsewhere.reload();
  await heading(elsewhere, "Sign in");
  await page.goto(`/${slug}`);
  await heading(page, "Home");
  await expect(signIn(elsewhere, owner), "the old password opens nothing").rejects.toThrow();
  await signIn(elsewhere, { ...owner, password: "another horse battery" });
  await context.close();
});

test("an owner makes a link with which a member sets a new password, once", async ({ page, browser, workspace }) => {
  const member = await newMember(workspace, "marketer");
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/settings/members`);
  await page.getByRole("button", { name: `Actions for ${member.email}` }).click();
  await page.getByRole("menuitem", { name: "Make password link" }).click();
  await confirm(page, "Make link");
  const link = await page.getByRole("textbox", { name: "Link", exact: true }).inputValue();

  const context = await browser.newContext();
  const theirs = await context.newPage();
  await theirs.goto(link);
  await heading(theirs, "Set a new password");
  await theirs.getByLabel("New password", { exact: true }).fill("a brand new secret");
  await theirs
    .getByRole("button", { name: /password/i })
    .last()
    .click();
  await heading(theirs, "Home");
  await theirs.goto(link);
  await heading(theirs, "This link does not work");
  await expect(signIn(theirs, member), "the old password opens nothing").rejects.toThrow();
  await context.close();
});

test("the last owner cannot leave or be made less; others can be removed, and are out at once", async ({
  page,
  browser,
  workspace,
}) => {
  const member = await newMember(workspace, "admin");
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await signIn(theirs, member);
  await theirs.goto(`/${workspace.slug}`);
  await heading(theirs, "Home");

  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/settings/members`);
  const mine = row(page, workspace.owner.email);
  await expect(mine).toContainText("The only owner");
  await expect(mine).toContainText("A workspace needs an owner. Make someone else an owner first.");
  await expect(mine.getByRole("combobox")).toHaveCount(0);

  await page.getByRole("button", { name: `Actions for ${member.email}` }).click();
  await page.getByRole("menuitem", { name: "Remove from workspace" }).click();
  const removal = await recorded(page, () => confirm(page, "Remove"));
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(row(page, member.email)).toHaveCount(0);
  expect((await theirs.goto(`/${workspace.slug}`))?.status()).toBe(404);
  expect(await removal(theirs), "who was removed can do nothing any more").toContain('"error":"not_found"');
  await context.close();
});

test("a revoked key is refused from the next request on", async ({ page, stage, workspace }) => {
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/settings/keys`);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("Short lived");
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.getByRole("dialog").getByLabel("Short lived", { exact: true }).inputValue();
  await page.getByRole("button", { name: "I have copied it" }).click();
  const { call } = apiWith(stage.appUrl, key);
  const send = () => call("POST", "/v1/events", { event: "signed_up", external_id: "user_1" });
  const read = () => call("GET", `/v1/projects/${workspace.id}/sends`);
  expect([(await send()).status, (await read()).status]).toEqual([202, 200]); // both doors know it now
  await page.getByRole("button", { name: "Revoke Short lived" }).click();
  await confirm(page, "Revoke key");
  await expect(page.getByRole("dialog")).toBeHidden(); // what is behind an open dialog cannot be seen, whatever became of it
  await expect(row(page, "Short lived")).toHaveCount(0);
  expect([(await send()).status, (await read()).status]).toEqual([401, 401]);
  expect((await read()).body).toMatchObject({ error: "unauthenticated", detail: expect.stringMatching(/\.$/) });
});

test("a publishable key may send events and nothing else", async ({ page, stage, workspace }) => {
  await signIn(page, workspace.owner);
  await page.goto(`/${workspace.slug}/settings/keys`);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("Website");
  await page.getByRole("radio", { name: "Publishable" }).check();
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.getByRole("dialog").getByLabel("Website", { exact: true }).inputValue();
  expect(key).toMatch(/^gflux_pub_live_/);
  const { call } = apiWith(stage.appUrl, key);
  expect((await call("POST", "/v1/events", { event: "seen", anonymous_id: "anon_1" })).status).toBe(202);
  expect(await call("GET", `/v1/projects/${workspace.id}/sends`)).toMatchObject({
    status: 403,
    body: { error: "wrong_key_type", received: "publishable" },
  });
});
